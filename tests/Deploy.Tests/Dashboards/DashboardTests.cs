using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gatehouse.Deploy.Tests.Dashboards;

/// <summary>The dashboards of deploy/grafana are what Grafana takes, and are complete.</summary>
public class DashboardTests
{
    private static readonly string[] Uids =
    [
        "gatehouse-audit", "gatehouse-keys", "gatehouse-orleans", "gatehouse-overload", "gatehouse-overview",
        "gatehouse-rate-limiting", "gatehouse-redis",
    ];

    [Fact]
    public async Task Files_AreWhatTheProgramMakes()
    {
        var folder = Directory.CreateTempSubdirectory("gatehouse-dashboards-");
        try
        {
            var build = Repository.PathOf("deploy", "grafana", "build.mjs");
            var result = await Tool.RunAsync("node", "nodejs", [build, folder.FullName]);
            Assert.True(result.ExitCode == 0, result.All);

            var made = folder.EnumerateFiles().ToDictionary(file => file.Name, file => File.ReadAllText(file.FullName));
            Assert.Equal(Uids.Select(uid => $"{uid}.json"), made.Keys.Order());
            Assert.All(made, file => Assert.Equal(file.Value, Repository.Read("deploy", "grafana", "dashboards", file.Key)));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Dashboards_KeepTheRules()
    {
        var dashboards = DashboardFile.ReadAll();

        Assert.Equal(Uids, dashboards.Select(dashboard => dashboard.Uid));
        Assert.Empty(DashboardRules.Check(dashboards));
    }

    public static TheoryData<string, string> Broken { get; } = new()
    {
        { "panels/2/id", "id 2 is there twice" },
        { "panels/2/title", "has no title" },
        { "panels/2/description", "has no description" },
        { "panels/2/fieldConfig/defaults/unit", "has no unit" },
        { "panels/2/targets/0/datasource/uid", "asks the data source prometheus" },
        { "panels/2/targets", "has no target" },
        { "panels/2/gridPos/x", "lies on" },
        { "panels/2/gridPos/w", "is wider than the page" },
        { "panels/1/fieldConfig/defaults/thresholds/steps/0/value", "has thresholds that do not rise" },
        { "panels/3/links", "links to /d/nowhere" },
        { "templating/list/1/name", "has the variables" },
        { "uid", "the file is not named like its uid" },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void Rule_Broken_IsSaid(string path, string expected)
    {
        var dashboards = DashboardFile.ReadAll();
        var changed = dashboards.Single(dashboard => dashboard.Uid == "gatehouse-overview");
        Set(changed.Json, path, path.Split('/')[^1] switch
        {
            "id" => 2,
            "x" => 0,
            "w" => 99,
            "value" => 1.0,
            "targets" => new JsonArray(),
            "links" => new JsonArray(new JsonObject { ["title"] = "x", ["url"] = "/d/nowhere" }),
            "uid" => path == "uid" ? "other" : "prometheus",
            "name" => "other",
            _ => "",
        });

        Assert.Contains(DashboardRules.Check(dashboards), fault => fault.Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Dashboards_AreWhatGrafanasTypesSay()
    {
        var dashboards = DashboardFile.ReadAll().ToDictionary(dashboard => dashboard.Name, dashboard => dashboard.Json);
        // One fault of each kind: an unknown field, an unknown word, an unknown option, a missing field, another source.
        foreach (var (name, path, value) in new (string, string, JsonNode?)[]
        {
            ("field", "panels/1/gridPoss", new JsonObject()),
            ("word", "panels/1/fieldConfig/defaults/thresholds/mode", "absolut"),
            ("option", "panels/1/options/wideLayot", true), ("kind", "panels/1/type", "stats"),
            ("unit", "panels/1/fieldConfig/defaults/unit", null), ("source", "panels/1/targets/0/datasource/uid", "prometheus"),
        })
        {
            dashboards[name] = dashboards["gatehouse-overview"].DeepClone();
            Set(dashboards[name], path, value);
        }

        var said = JsonSerializer.Deserialize<Dictionary<string, List<string>>>(
            await Tool.NodeAsync("dashboards.mjs", JsonSerializer.Serialize(dashboards)))!;

        Assert.All(Uids, uid => Assert.Empty(said[uid]));
        Assert.All(said.Keys.Except(Uids), name => Assert.NotEmpty(said[name]));
        Assert.Equal(dashboards.Keys, said.Keys);
    }

    [Fact]
    public async Task Expressions_Parse()
    {
        var expressions = DashboardExpressions.All(DashboardFile.ReadAll()).ToList();

        Assert.All(
            await PromQl.ParseAsync(expressions.Select(expression => expression.Text)),
            parsed => Assert.True(parsed.Errors.Count == 0, parsed.Expression));
        Assert.True(expressions.Count > 150, "Some expressions are not found.");
        Assert.DoesNotContain(expressions, expression => expression.Text.Contains('$'));
    }

    private static void Set(JsonNode node, string path, JsonNode? value)
    {
        var parts = path.Split('/');
        var parent = parts[..^1].Aggregate(node, (at, part) => int.TryParse(part, out var i) ? at[i]! : at[part]!);
        parent[parts[^1]] = value;
    }
}
