using System.Text.Json;

namespace Gatehouse.Deploy.Tests.Terraform;

/// <summary>What HashiCorp's own parser makes of configuration files.</summary>
internal static class Hcl
{
    public static readonly string Folder = Repository.PathOf("deploy", "terraform");

    // Starting Node and the parser is what takes the time.
    private static readonly Lazy<Task<IReadOnlyDictionary<string, Parsed>>> All =
        new(() => ParseAsync(Paths().ToDictionary(path => path, File.ReadAllText)));

    public static IEnumerable<string> Paths() => Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories)
        .Where(path => path.EndsWith(".tf", StringComparison.Ordinal)
            || path.EndsWith(".tftest.hcl", StringComparison.Ordinal));

    /// <summary>All files, by their paths.</summary>
    public static Task<IReadOnlyDictionary<string, Parsed>> FilesAsync() => All.Value;

    /// <summary>Each text as JSON, or why it is none.</summary>
    public static async Task<IReadOnlyDictionary<string, Parsed>> ParseAsync(
        IReadOnlyDictionary<string, string> texts) =>
        JsonSerializer.Deserialize<Dictionary<string, Parsed>>(
            await Tool.NodeAsync("hcl.mjs", JsonSerializer.Serialize(texts)), JsonSerializerOptions.Web)!;

    /// <summary>A module's own files, by name.</summary>
    public static async Task<IReadOnlyDictionary<string, JsonElement>> ModuleAsync(params string[] folder)
    {
        var own = Path.Combine([Folder, .. folder]);
        return (await FilesAsync())
            .Where(file => Path.GetDirectoryName(file.Key) == own && file.Key.EndsWith(".tf", StringComparison.Ordinal))
            .ToDictionary(file => Path.GetFileName(file.Key), file => file.Value.Json!.Value);
    }

    /// <summary>The blocks of a kind, of all files, by their label.</summary>
    public static IEnumerable<JsonProperty> Blocks(IEnumerable<JsonElement> files, string kind) =>
        from file in files
        where file.TryGetProperty(kind, out _)
        from block in file.GetProperty(kind).EnumerateObject()
        select block;
}

internal sealed record Parsed(JsonElement? Json, string? Error);
