using System.Text.Json;

namespace Gatehouse.Sbom;

/// <summary>A package of one version, as a lock file pins it.</summary>
/// <param name="Name">Its id.</param>
/// <param name="Version">Its version.</param>
/// <param name="ContentHash">SHA-512 of its content, base64: what a locked restore compares.</param>
/// <param name="Needs">The ids of what it needs.</param>
internal sealed record LockedPackage(string Name, string Version, string ContentHash, IReadOnlyList<string> Needs);

/// <summary>What one project is built from.</summary>
/// <param name="Project">The project's name, and its variant if it has one.</param>
/// <param name="Direct">The ids of the packages that it asks for itself.</param>
/// <param name="Projects">The names of the projects that it is built from, with the ids that each of them needs.</param>
/// <param name="Packages">All packages, by id.</param>
internal sealed record LockFile(
    string Project, IReadOnlyList<string> Direct, IReadOnlyDictionary<string, IReadOnlyList<string>> Projects,
    IReadOnlyDictionary<string, LockedPackage> Packages)
{
    /// <summary>All lock files below a folder, but for copies in build output.</summary>
    public static string[] Below(string folder) =>
    [
        .. (Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder, "packages*.lock.json", SearchOption.AllDirectories) : [])
            .Where(path => !Path.GetRelativePath(folder, path).Split(Path.DirectorySeparatorChar).Contains("bin"))
            .Order(StringComparer.Ordinal),
    ];

    public static LockFile Read(string path)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(path));
        var (direct, projects) = (new SortedSet<string>(Ids), new SortedDictionary<string, IReadOnlyList<string>>(Ids));
        var packages = new SortedDictionary<string, LockedPackage>(Ids);
        foreach (var (name, entry) in json.RootElement.GetProperty("dependencies").EnumerateObject()
            .SelectMany(framework => framework.Value.EnumerateObject()).Select(entry => (entry.Name, entry.Value)))
        {
            IReadOnlyList<string> needs = entry.TryGetProperty("dependencies", out var needed)
                ? [.. needed.EnumerateObject().Select(need => need.Name)] : [];
            if (entry.GetProperty("type").GetString() is "Project")
            {
                // A lock file writes projects in lower case where nothing tells it better.
                projects[name] = needs;
                continue;
            }

            packages[name] = new LockedPackage(name, entry.GetProperty("resolved").GetString()!,
                entry.GetProperty("contentHash").GetString()!, needs);
            if (entry.GetProperty("type").GetString() is "Direct")
            {
                direct.Add(name);
            }
        }

        return new LockFile(NameOf(path), [.. direct], projects, packages);
    }

    internal static StringComparer Ids => StringComparer.OrdinalIgnoreCase;

    private static string NameOf(string path)
    {
        var project = $"Gatehouse.{Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(path)))}";
        var variant = Path.GetFileName(path)["packages".Length..^".lock.json".Length];
        return variant.Length == 0 ? project : $"{project} ({variant.TrimStart('.')})";
    }
}
