using System.Text.RegularExpressions;

namespace Gatehouse.Architecture.Tests;

/// <summary>The guides for operators name nothing that does not exist.</summary>
public partial class OperationsDocumentTests
{
    private const string Tenant = "/v1/tenants/{tenant}";
    private static readonly string Metrics = Read("docs/metrics.md");

    public static TheoryData<string> Guides { get; } = new(Directory
        .EnumerateFiles(Path.Combine(SourceTree.Root, "docs/operations"), "*.md").Select(SourceTree.Relative)
        .Concat(["SECURITY.md", "docs/threat-model.md", "docs/supply-chain.md", "docs/guarantees.md"]).Order());

    [Theory]
    [MemberData(nameof(Guides))]
    public void Tests_ThatAGuideNames_Exist(string guide)
    {
        var classes = SourceTree.All.Where(file => file.Name.EndsWith("Tests", StringComparison.Ordinal))
            .Select(file => file.Name).ToHashSet();
        var named = TestClass().Matches(Read(guide)).Select(match => match.Groups[1].Value);
        Assert.Empty(named.Where(name => !classes.Contains(name)).Distinct());
    }

    [Theory]
    [MemberData(nameof(Guides))]
    public void Metrics_ThatAGuideNames_Exist(string guide)
    {
        var named = Metric().Matches(Read(guide)).Select(match => match.Groups[1].Value).ToList();
        Assert.Empty(named.Where(name => !Metrics.Contains($"`{name}", StringComparison.Ordinal)).Distinct());
    }

    [Theory]
    [MemberData(nameof(Guides))]
    public void Settings_ThatAGuideNames_Exist(string guide)
    {
        var settings = Read("docs/settings.md") + Read("docs/operations/overload.md");
        var named = Setting().Matches(Read(guide)).Select(match => match.Groups[1].Value);
        Assert.Empty(named.Where(name => !settings.Contains($"`{name}", StringComparison.Ordinal)).Distinct());
    }

    [Theory]
    [MemberData(nameof(Guides))]
    public void Routes_ThatAGuideNames_Exist(string guide)
    {
        var routes = Read("docs/http-api.md");
        var named = Route().Matches(Read(guide)).Select(match => match.Groups[1].Value)
            .Select(route => route.Replace("{t}", "{tenant}", StringComparison.Ordinal));
        Assert.Empty(named.Where(route => !IsIn(routes, route)).Distinct());
    }

    /// <summary>An item without something to look at is a wish.</summary>
    [Fact]
    public void Readiness_HasEvidenceForEachItem()
    {
        var items = Read("docs/operations/production-readiness.md").Split('\n')
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal))
            .Where(line => !line.StartsWith("| item", StringComparison.Ordinal))
            .Select(line => Cell().Split(line.Trim().Trim('|'))).ToList();
        Assert.True(items.Count > 30);
        Assert.All(items, item =>
        {
            Assert.Equal(4, item.Length);
            Assert.All(item, cell => Assert.NotEmpty(cell.Trim()));
            Assert.Matches(@"`[^`]+`|\]\(|your network policy", item[3]);
        });
    }

    /// <summary>The reference writes out what a group of routes has in common once, and "..." afterwards.</summary>
    private static bool IsIn(string routes, string route) =>
        routes.Contains(route, StringComparison.Ordinal)
        || (route.StartsWith(Tenant, StringComparison.Ordinal)
            && routes.Contains($"...{route[Tenant.Length..]}", StringComparison.Ordinal));

    private static string Read(string path) => File.ReadAllText(Path.Combine(SourceTree.Root, path));

    [GeneratedRegex(@"`(\w+Tests)`")]
    private static partial Regex TestClass();

    [GeneratedRegex(@"`(gatehouse_[a-z_]+|[a-z_]+_total)(?:\{[^`]*\})?`")]
    private static partial Regex Metric();

    [GeneratedRegex("`(Gatehouse:[A-Za-z:]+)`")]
    private static partial Regex Setting();

    [GeneratedRegex(@"`(?:GET|PUT|POST|DELETE) (/v1/[^`\s?]+)")]
    private static partial Regex Route();

    [GeneratedRegex(@"(?<!\\)\|")]
    private static partial Regex Cell();
}
