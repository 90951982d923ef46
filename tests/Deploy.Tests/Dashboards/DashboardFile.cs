using System.Text.Json.Nodes;

namespace Gatehouse.Deploy.Tests.Dashboards;

/// <summary>A dashboard of <c>deploy/grafana</c>.</summary>
internal sealed record DashboardFile(string Name, JsonNode Json)
{
    public string Uid => Text(Json["uid"]);

    public IEnumerable<JsonNode> All => Json["panels"]!.AsArray()!;

    /// <summary>What shows something: rows are headings.</summary>
    public IEnumerable<JsonNode> Panels => All.Where(panel => Text(panel["type"]) != "row");

    public static IReadOnlyList<DashboardFile> ReadAll() =>
    [
        .. Directory.EnumerateFiles(Repository.PathOf("deploy", "grafana", "dashboards"), "*.json").Order()
            .Select(file => new DashboardFile(Path.GetFileNameWithoutExtension(file), JsonNode.Parse(File.ReadAllText(file))!)),
    ];

    public static string Text(JsonNode? node) => node?.GetValue<string>() ?? "";
}
