using System.Reflection;
using System.Text.RegularExpressions;
using Gatehouse.Grains.Abstractions.Auditing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Gatehouse.Architecture.Tests;

/// <summary>The page on upgrades lists what is stored: all of it, and nothing else.</summary>
public partial class UpgradeDocumentTests
{
    private static readonly string Page =
        File.ReadAllText(Path.Combine(SourceTree.Root, "docs/operations/upgrade.md"));

    [Fact]
    public void Keys_AreThoseOfTheCode()
    {
        var listed = Row().Matches(Page).Select(match => match.Groups[1].Value).Where(IsKey).Order().ToList();
        Assert.True(listed.Count > 10);
        Assert.Equal(listed, Literals("src/Grains").Where(IsKey).Distinct().Select(Names).Order());
    }

    [Fact]
    public void Versions_AreThoseOfTheCode()
    {
        var listed = Row().Matches(Page).Select(match => match.Groups[1].Value).Where(IsVersion);
        var used = Literals("src/Grains").Where(IsVersion).Distinct();
        Assert.Equal(listed.Order(), used.Order());
        Assert.Contains($"format version {AuditEntry.Version} |", Page, StringComparison.Ordinal);
    }

    [Fact]
    public void Schema_OfTheArchive_IsTheNewestScript()
    {
        var newest = Assembly.Load("Gatehouse.Grains").GetManifestResourceNames()
            .Select(name => Script().Match(name)).Where(match => match.Success).Max(match => int.Parse(match.Groups[1].Value));
        Assert.Contains($"| archive | schema {newest},", Page, StringComparison.Ordinal);
    }

    /// <summary>As the page says: Orleans may send a call to any silo, whatever its version.</summary>
    [Theory]
    [InlineData("src/Grains.Abstractions")]
    [InlineData("src/Grains")]
    public void Interfaces_HaveOneVersion(string project)
    {
        var contracts = File.ReadAllText(Path.Combine(SourceTree.Root, project, "OrleansContracts.txt"));
        Assert.All(InterfaceVersion().Matches(contracts), match => Assert.Equal("0", match.Groups[1].Value));
    }

    /// <summary>Texts of the code, with the name of each part that is put in.</summary>
    private static IEnumerable<string> Literals(string projects) =>
        from file in SourceTree.Production
        where file.Path.StartsWith(projects, StringComparison.Ordinal)
        from node in file.Syntax.DescendantNodes()
        let text = node switch
        {
            InterpolatedStringExpressionSyntax parts => string.Concat(parts.Contents.Select(Part)),
            LiteralExpressionSyntax { Token.Value: string plain } => plain,
            LiteralExpressionSyntax { Token.ValueText: { Length: > 0 } bytes } => bytes,
            _ => null,
        }
        where text is not null
        select text;

    private static string Part(InterpolatedStringContentSyntax part) => part is InterpolationSyntax put
        ? $"{{{put.Expression.DescendantNodesAndSelf().OfType<IdentifierNameSyntax>()
            .Select(name => name.Identifier.ValueText).First(IsPart)}}}"
        : ((InterpolatedStringTextSyntax)part).TextToken.ValueText;

    private static bool IsPart(string name) => name is not ("Encode" or "counts");

    /// <summary>A tag of the store around a part is no part of its name; nor is what the older layout calls a prefix.</summary>
    private static string Names(string key) => key == "idempotency:"
        ? "idempotency:{key}"
        : Tagged().Replace(key, "{$1}").Replace("{WindowMs}", "{window}", StringComparison.Ordinal);

    private static bool IsKey(string text) => Key().IsMatch(text);

    private static bool IsVersion(string text) => VersionName().IsMatch(text);

    [GeneratedRegex("^(gatehouse:[a-z]|idempotency:(tenant:|$|\\{))")]
    private static partial Regex Key();

    [GeneratedRegex("^(gatehouse-[a-z-]+/[0-9]+|c2sp\\.org/[a-z-]+@v[0-9]+)$")]
    private static partial Regex VersionName();

    [GeneratedRegex(@"^\| `([^`]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"\{+(\w+)\}+")]
    private static partial Regex Tagged();

    [GeneratedRegex(@"^archive-(\d{3})-")]
    private static partial Regex Script();

    [GeneratedRegex(@"\[Version\((\d+)\)\]")]
    private static partial Regex InterfaceVersion();
}
