using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gatehouse.Sbom;

/// <summary>
/// A CycloneDX 1.5 document. Nothing in it depends on when or where it is made: the same lock files, the same bytes.
/// </summary>
internal static class Bom
{
    public static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static JsonObject Of(IReadOnlyList<LockFile> files, PackageFolder folder)
    {
        var version = typeof(Bom).Assembly.GetName().Version!.ToString(3);
        var packages = files.SelectMany(static file => file.Packages.Values)
            .GroupBy(Ref, StringComparer.Ordinal).OrderBy(static same => same.Key, StringComparer.Ordinal)
            .ToDictionary(static same => same.Key, static same => same.First());
        var projects = files.Select(static file => file.Project)
            .Concat(files.SelectMany(static file => file.Projects.Keys))
            .Distinct(LockFile.Ids).Order(StringComparer.Ordinal).ToList();
        return new JsonObject
        {
            ["bomFormat"] = "CycloneDX",
            ["specVersion"] = "1.5",
            ["version"] = 1,
            ["metadata"] = new JsonObject { ["component"] = Project("Gatehouse", version) },
            ["components"] = new JsonArray(
            [
                .. projects.Select(project => Project(project, version)),
                .. packages.Values.Select(package => Component(package, folder.Read(package))),
            ]),
            ["dependencies"] = Graph(files, projects, packages.Keys),
        };
    }

    private static JsonArray Graph(
        IReadOnlyList<LockFile> files, IReadOnlyList<string> projects, IEnumerable<string> packages)
    {
        var edges = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        foreach (var one in projects.Select(Ref).Concat(packages))
        {
            edges[one] = new SortedSet<string>(StringComparer.Ordinal);
        }

        edges[Ref("Gatehouse")] = new SortedSet<string>(files.Select(static file => Ref(file.Project)));
        foreach (var file in files)
        {
            edges[Ref(file.Project)].UnionWith(
                Resolve(file, file.Direct).Concat(file.Projects.Keys.Select(project => RefOf(project, projects))));
            foreach (var (project, needs) in file.Projects)
            {
                edges[RefOf(project, projects)].UnionWith(Resolve(file, needs).Concat(
                    needs.Where(file.Projects.ContainsKey).Select(need => RefOf(need, projects))));
            }

            foreach (var package in file.Packages.Values)
            {
                edges[Ref(package)].UnionWith(Resolve(file, package.Needs));
            }
        }

        return new JsonArray([.. edges.Select(edge => new JsonObject
        {
            ["ref"] = edge.Key,
            ["dependsOn"] = new JsonArray([.. edge.Value.Select(static to => (JsonNode)to)]),
        })]);
    }

    /// <summary>What is not in the lock file is part of the shared framework.</summary>
    private static IEnumerable<string> Resolve(LockFile file, IEnumerable<string> needs) =>
        from need in needs where file.Packages.ContainsKey(need) select Ref(file.Packages[need]);

    private static JsonObject Project(string name, string version) => new()
    {
        ["type"] = "application",
        ["bom-ref"] = Ref(name),
        ["name"] = name,
        ["version"] = version,
        ["licenses"] = new JsonArray(new JsonObject { ["expression"] = "MIT" }),
    };

    private static JsonObject Component(LockedPackage package, PackageFacts? facts)
    {
        var component = new JsonObject
        {
            ["type"] = "library",
            ["bom-ref"] = Ref(package),
            ["name"] = package.Name,
            ["version"] = package.Version,
            ["scope"] = facts is { IsForDevelopment: true } ? "excluded" : "required",
            ["hashes"] = new JsonArray(new JsonObject
            {
                ["alg"] = "SHA-512",
                ["content"] = Convert.ToHexStringLower(Convert.FromBase64String(package.ContentHash)),
            }),
        };
        if (facts is { License: { } expression })
        {
            component["licenses"] = new JsonArray(new JsonObject { ["expression"] = expression });
        }
        else if (facts is { LicenseText: { } text })
        {
            component["licenses"] = new JsonArray(new JsonObject { ["license"] = new JsonObject { ["name"] = text } });
        }

        component["purl"] = Ref(package);
        return component;
    }

    private static string Ref(LockedPackage package) => $"pkg:nuget/{package.Name}@{package.Version}";

    private static string Ref(string project) => $"project:{project}";

    private static string RefOf(string project, IReadOnlyList<string> projects) =>
        Ref(projects.First(known => LockFile.Ids.Equals(known, project)));
}
