using System.Reflection;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Gatehouse.Architecture.Tests;

/// <summary>The repository as this build sees it.</summary>
internal static class SourceTree
{
    public static string Root { get; } = typeof(SourceTree).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "RepositoryRoot").Value!;

    public static IReadOnlyList<SourceFile> Production { get; } = Read("src");

    public static IReadOnlyList<SourceFile> All { get; } = [.. Production, .. Read("tests")];

    public static TheoryData<string> Projects { get; } = new(Directory
        .EnumerateFiles(Root, "*.csproj", SearchOption.AllDirectories).Select(Relative).Order());

    public static string Relative(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    private static List<SourceFile> Read(string folder) => Directory
        .EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
        .Where(path => !Relative(path).Split('/').Any(part => part is "bin" or "obj"))
        .Order()
        .Select(path => new SourceFile(Relative(path), File.ReadAllText(path)))
        .ToList();
}

/// <summary>One C# file.</summary>
internal sealed record SourceFile(string Path, string Text)
{
    private CompilationUnitSyntax? _syntax;

    public IReadOnlyList<string> Lines { get; } = Text.ReplaceLineEndings("\n").Split('\n');

    public CompilationUnitSyntax Syntax => _syntax ??= CSharpSyntaxTree.ParseText(Text).GetCompilationUnitRoot();

    public string Project => string.Join('/', Path.Split('/').Take(2));

    /// <summary>The folder below the project, which is the area; empty for the project's own files.</summary>
    public string Area => Path.Split('/') is { Length: > 3 } parts ? parts[2] : "";

    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);
}
