using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Gatehouse.Deploy.Tests.Dashboards;

/// <summary>What is asked of dashboards beyond their types. Each rule answers what breaks it.</summary>
internal static partial class DashboardRules
{
    private const int Width = 24;
    private const string Variable = "${datasource}";

    public static IEnumerable<string> Check(IReadOnlyList<DashboardFile> dashboards)
    {
        var uids = dashboards.Select(dashboard => dashboard.Uid).ToList();
        return uids.GroupBy(uid => uid).Where(same => same.Count() > 1).Select(same => $"uid {same.Key} is there twice")
            .Concat(dashboards.SelectMany(dashboard => Check(dashboard, uids).Select(fault => $"{dashboard.Name}: {fault}")));
    }

    private static IEnumerable<string> Check(DashboardFile dashboard, List<string> uids) =>
    [
        .. dashboard.Uid == dashboard.Name ? Array.Empty<string>() : ["the file is not named like its uid"],
        .. Variables(dashboard),
        .. dashboard.All.GroupBy(panel => (int)panel["id"]!).Where(same => same.Count() > 1)
            .Select(same => $"id {same.Key} is there twice"),
        .. dashboard.Panels.SelectMany(panel => Panel(panel, uids).Select(fault => $"'{panel["title"]}' {fault}")),
        .. Overlaps([.. dashboard.All]),
        .. DataSources(dashboard.Json).Where(uid => uid != Variable).Select(uid => $"asks the data source {uid}"),
    ];

    private static IEnumerable<string> Variables(DashboardFile dashboard)
    {
        var names = dashboard.Json["templating"]!["list"]!.AsArray().Select(variable => DashboardFile.Text(variable!["name"]));
        return names.SequenceEqual(["datasource", "region", "job", "instance"])
            ? [] : [$"has the variables {string.Join(", ", names)}"];
    }

    private static IEnumerable<string> Panel(JsonNode panel, List<string> uids)
    {
        foreach (var (name, value) in new[]
        {
            ("title", panel["title"]), ("description", panel["description"]),
            ("unit", panel["fieldConfig"]?["defaults"]?["unit"]),
        })
        {
            if (DashboardFile.Text(value).Length == 0)
            {
                yield return $"has no {name}";
            }
        }

        var references = panel["targets"]!.AsArray().Select(target => DashboardFile.Text(target!["refId"])).ToList();
        if (references.Count == 0 || references.Distinct().Count() != references.Count)
        {
            yield return "has no target, or two of one name";
        }

        var at = panel["fieldConfig"]!["defaults"]!["thresholds"]!["steps"]!.AsArray().Select(step => (double?)step!["value"]);
        if (!at.Skip(1).SequenceEqual(at.Skip(1).Order()) || at.First() is not null)
        {
            yield return "has thresholds that do not rise";
        }

        foreach (var link in panel["links"]?.AsArray() ?? [])
        {
            if (Linked().Match(DashboardFile.Text(link!["url"])) is not { Success: true } match
                || !uids.Contains(match.Groups["uid"].Value))
            {
                yield return $"links to {link["url"]}";
            }
        }
    }

    private static IEnumerable<string> Overlaps(List<JsonNode> panels)
    {
        for (var i = 0; i < panels.Count; i++)
        {
            var (one, x, y, w, h) = Place(panels[i]);
            if (x < 0 || x + w > Width)
            {
                yield return $"{one} is wider than the page";
            }

            foreach (var (other, left, top, width, height) in panels.Take(i).Select(Place))
            {
                if (x < left + width && left < x + w && y < top + height && top < y + h)
                {
                    yield return $"{one} lies on {other}";
                }
            }
        }
    }

    private static (string Name, int X, int Y, int W, int H) Place(JsonNode panel)
    {
        var place = panel["gridPos"]!;
        return ($"'{panel["title"]}'", (int)place["x"]!, (int)place["y"]!, (int)place["w"]!, (int)place["h"]!);
    }

    /// <summary>Every data source that anything in it names.</summary>
    private static IEnumerable<string> DataSources(JsonNode? node) => node switch
    {
        JsonObject all => all.SelectMany(field => field.Key == "datasource"
            ? [DashboardFile.Text(field.Value?["uid"])] : DataSources(field.Value)),
        JsonArray all => all.SelectMany(DataSources),
        _ => [],
    };

    [GeneratedRegex("^/d/(?<uid>[a-z-]+)([?/]|$)")]
    private static partial Regex Linked();
}
