using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Gatehouse.Architecture.Tests;

/// <summary>Small enough to be read in one go.</summary>
public class SizeTests
{
    private const int FileLinesMax = 300;
    private const int MethodLinesMax = 40;
    private const int LineLengthMax = 120;
    // A row of a test's table is easier to read long than broken.
    private const int TestLineLengthMax = 130;
    private const int FolderDepthMax = 2;

    [Fact]
    public void Files_AreShort() =>
        Assert.Empty(SourceTree.All
            .Where(file => file.Lines.Count > FileLinesMax).Select(file => $"{file.Path}: {file.Lines.Count}"));

    [Fact]
    public void Methods_AreShort()
    {
        var long_ = from file in SourceTree.All
                    from method in file.Syntax.DescendantNodes().OfType<BaseMethodDeclarationSyntax>()
                    let span = method.GetLocation().GetLineSpan()
                    let lines = span.EndLinePosition.Line - span.StartLinePosition.Line + 1
                    where lines > MethodLinesMax
                    select $"{file.Path}:{span.StartLinePosition.Line + 1}: {lines} lines";
        Assert.Empty(long_);
    }

    [Fact]
    public void Lines_AreShort()
    {
        var wide = from file in SourceTree.All
                   from line in file.Lines.Index()
                   let max = file.Path.StartsWith("tests/", StringComparison.Ordinal) ? TestLineLengthMax : LineLengthMax
                   where line.Item.Length > max
                   select $"{file.Path}:{line.Index + 1}: {line.Item.Length}";
        Assert.Empty(wide);
    }

    [Fact]
    public void Folders_AreShallow() => Assert.Empty(SourceTree.All
        .Where(file => file.Path.Split('/').Length - 3 > FolderDepthMax).Select(file => file.Path));
}
