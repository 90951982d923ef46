using System.Text.RegularExpressions;

namespace Gatehouse.Architecture.Tests;

/// <summary>References between projects and between areas point one way.</summary>
public partial class ReferenceTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Grains.Abstractions"] = [],
        ["Grains"] = ["Grains.Abstractions"],
        ["Silo"] = ["Grains"],
        ["EmbeddedStore"] = [],
        ["Verifier"] = ["Grains.Abstractions"],
        ["AspNetCore"] = [],
        ["Cli"] = ["Silo", "Verifier"],
        ["ApiHost"] = ["AspNetCore", "EmbeddedStore", "Grains.Abstractions", "Silo"],
    };

    [Fact]
    public void Projects_ReferenceOnlyWhatTheDesignAllows()
    {
        foreach (var project in Directory.GetDirectories(Path.Combine(SourceTree.Root, "src")))
        {
            var name = Path.GetFileName(project);
            var references = ProjectReference().Matches(File.ReadAllText(Path.Combine(project, $"{name}.csproj")))
                .Select(match => match.Groups[1].Value).Order();
            Assert.Equal(Allowed[name], references);
        }
    }

    [Fact]
    public void Areas_DependOnEachOtherInOneDirection()
    {
        foreach (var project in SourceTree.Production.GroupBy(file => file.Project))
        {
            var edges = (from file in project
                         where file.Area.Length > 0
                         from other in project.Select(f => f.Area).Distinct()
                         where other.Length > 0 && other != file.Area
                         where file.Lines.Any(line => line == $"using Gatehouse.{project.Key[4..]}.{other};")
                         select (From: file.Area, To: other)).ToHashSet();
            var areas = edges.SelectMany(edge => new[] { edge.From, edge.To }).ToHashSet();
            while (areas.FirstOrDefault(area => !edges.Any(e => e.From == area && areas.Contains(e.To))) is { } leaf)
            {
                areas.Remove(leaf);
            }

            Assert.True(areas.Count == 0, $"{project.Key}: a circle of areas: {string.Join(", ", areas)}");
        }
    }

    [Fact]
    public void Endpoints_SeeContractsOnly()
    {
        var intruders = from file in SourceTree.Production
                        where file.Project == "src/ApiHost" && file.Area != "Hosting"
                        where GrainInternals().IsMatch(file.Text)
                        select file.Path;
        Assert.Empty(intruders);
    }

    [Fact]
    public void Verifier_HasNoNetwork()
    {
        var online = from file in SourceTree.Production
                     where file.Project == "src/Verifier" && Network().IsMatch(file.Text)
                     select file.Path;
        Assert.Empty(online);
    }

    [Fact]
    public void ApiHost_WithoutTheEmbeddedStore_DoesNotReferenceIt()
    {
        var project = File.ReadAllText(Path.Combine(SourceTree.Root, "src/ApiHost/ApiHost.csproj"));
        Assert.Contains("""EmbeddedStore.csproj" Condition="'$(EmbeddedStore)' == 'true'" """.TrimEnd(), project);
        var others = SourceTree.Production.Where(file => file.Project != "src/EmbeddedStore"
            && file.Path != "src/ApiHost/Hosting/StoreSelection.cs"
            && file.Project.StartsWith("src/", StringComparison.Ordinal)
            && file.Text.Contains("using Gatehouse.EmbeddedStore", StringComparison.Ordinal));
        Assert.Empty(others);
    }

    [GeneratedRegex("ProjectReference Include=\"\\.\\./([^/]+)/")]
    private static partial Regex ProjectReference();

    [GeneratedRegex(@"System\.Net|HttpClient|Socket|IGrainFactory|StackExchange")]
    private static partial Regex Network();

    [GeneratedRegex(@"using Gatehouse\.Grains\.(?!Abstractions)|using StackExchange\.Redis")]
    private static partial Regex GrainInternals();
}
