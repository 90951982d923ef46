using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gatehouse.Sbom;

namespace Gatehouse.Architecture.Tests;

/// <summary>The list of packages holds each package of each lock file once, and says where it comes in.</summary>
public partial class SbomTests
{
    private static readonly string[] Paths = LockFile.Below(Path.Combine(SourceTree.Root, "src"));
    private static readonly JsonObject Document = Make();
    private static readonly List<JsonNode> Components = [.. Document["components"]!.AsArray().Select(one => one!)];

    [Fact]
    public void Components_AreThePackagesOfTheLockFiles()
    {
        Assert.True(Paths.Length >= 8);
        var locked = Paths.SelectMany(Packages).Distinct().Order(StringComparer.Ordinal).ToList();
        var listed = Components.Where(one => Text(one, "type") == "library")
            .Select(one => (Text(one, "name"), Text(one, "version"), Text(one["hashes"]![0]!, "content"))).ToList();

        Assert.True(locked.Count > 50);
        Assert.Equal(locked, listed.Select(one => $"{one.Item1} {one.Item2} {one.Item3}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Document_HasTheFormOfCycloneDx()
    {
        Assert.Equal(("CycloneDX", "1.5"), (Text(Document, "bomFormat"), Text(Document, "specVersion")));
        var refs = Components.Select(one => Text(one, "bom-ref")).ToList();
        Assert.Equal(refs.Count, refs.Distinct().Count());
        Assert.All(Components.Where(one => Text(one, "type") == "library"), one =>
        {
            Assert.Matches(PackageUrl(), Text(one, "purl"));
            Assert.Equal("SHA-512", Text(one["hashes"]![0]!, "alg"));
            Assert.Matches("^[0-9a-f]{128}$", Text(one["hashes"]![0]!, "content"));
            Assert.Contains(Text(one, "scope"), (string[])["required", "excluded"]);
        });
    }

    [Fact]
    public void Graph_LeadsFromTheProductToEachPackage()
    {
        var root = Text(Document["metadata"]!["component"]!, "bom-ref");
        var edges = Document["dependencies"]!.AsArray().ToDictionary(
            edge => Text(edge!, "ref"), edge => edge!["dependsOn"]!.AsArray().Select(to => (string)to!).ToList());
        var refs = Components.Select(one => Text(one, "bom-ref")).Append(root).ToHashSet();
        Assert.Equal(refs.Order(), edges.Keys.Order());
        Assert.All(edges.Values.SelectMany(to => to), to => Assert.Contains(to, refs));

        var (reached, next) = (new HashSet<string> { root }, new Queue<string>([root]));
        while (next.TryDequeue(out var one))
        {
            edges[one].Where(reached.Add).ToList().ForEach(next.Enqueue);
        }

        Assert.Equal(refs.Order(), reached.Order());
    }

    [Fact]
    public void Document_OfTheSameLockFiles_IsTheSame() => Assert.Equal(Document.ToJsonString(), Make().ToJsonString());

    /// <summary>A licence that nobody has looked at fails here.</summary>
    [Fact]
    public void Licences_AreThoseOfTheGuide()
    {
        var guide = File.ReadAllText(Path.Combine(SourceTree.Root, "docs/supply-chain.md"));
        var named = Components.ToLookup(one => one["licenses"]?[0] is not { } license
            ? Text(one, "name") : (string?)license["expression"] ?? Text(license["license"]!, "name"));
        Assert.Contains(named, one => one.Key == "MIT");
        Assert.Empty(named.Where(one => !guide.Contains(one.Key, StringComparison.Ordinal)).Select(one => one.Key));
        // Tools of the build are in no program.
        Assert.Contains(Components, one => Text(one, "name") == "Microsoft.CodeAnalysis.BannedApiAnalyzers"
            && Text(one, "scope") == "excluded");
    }

    private static JsonObject Make() => Bom.Of([.. Paths.Select(LockFile.Read)], PackageFolder.OfThisUser());

    /// <summary>Read in its own way: not by what is tested.</summary>
    private static IEnumerable<string> Packages(string path)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(path));
        return
        [
            .. from framework in json.RootElement.GetProperty("dependencies").EnumerateObject()
               from package in framework.Value.EnumerateObject()
               where package.Value.TryGetProperty("resolved", out _)
               let hash = package.Value.GetProperty("contentHash").GetBytesFromBase64()
               select $"{package.Name} {package.Value.GetProperty("resolved")} {Convert.ToHexStringLower(hash)}",
        ];
    }

    private static string Text(JsonNode node, string name) => (string)node[name]!;

    [GeneratedRegex(@"^pkg:nuget/[A-Za-z0-9._-]+@[0-9][0-9A-Za-z.+-]*$")]
    private static partial Regex PackageUrl();
}
