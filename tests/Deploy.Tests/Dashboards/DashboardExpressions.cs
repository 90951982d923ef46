using System.Text.RegularExpressions;

namespace Gatehouse.Deploy.Tests.Dashboards;

/// <summary>The expressions of dashboards as Prometheus gets them: with the variables filled in.</summary>
internal static partial class DashboardExpressions
{
    /// <summary>Of panels, of the marks in graphs, and of variables: a variable's is a selector and a label.</summary>
    public static IEnumerable<DeployedExpression> All(IEnumerable<DashboardFile> dashboards) => dashboards.SelectMany(All);

    private static IEnumerable<DeployedExpression> All(DashboardFile dashboard)
    {
        var file = $"deploy/grafana/dashboards/{dashboard.Name}.json";
        var panels =
            from panel in dashboard.Panels
            from target in panel["targets"]!.AsArray()
            select new DeployedExpression(
                file, $"panel '{panel["title"]}' {target["refId"]}", Filled(DashboardFile.Text(target["expr"])));
        var marks =
            from mark in dashboard.Json["annotations"]!["list"]!.AsArray()
            select new DeployedExpression(file, $"annotation '{mark["name"]}'", Filled(DashboardFile.Text(mark["expr"])));
        var variables =
            from variable in dashboard.Json["templating"]!["list"]!.AsArray()
            where DashboardFile.Text(variable["type"]) == "query"
            let asked = LabelValues().Match(DashboardFile.Text(variable["query"]!["query"]))
            select new DeployedExpression(
                file, $"variable '{variable["name"]}'",
                $"count by ({asked.Groups["label"]}) ({Filled(asked.Groups["of"].Value)})");
        return [.. panels, .. marks, .. variables];
    }

    private static string Filled(string expression) => Named().Replace(expression, name => name.Value switch
    {
        "$__rate_interval" => "5m",
        "$__range" => "1h",
        "$region" or "$job" or "$instance" => ".+",
        _ => name.Value,
    });

    [GeneratedRegex(@"^label_values\((?<of>.*), (?<label>\w+)\)$")]
    private static partial Regex LabelValues();

    [GeneratedRegex(@"\$\w+")]
    private static partial Regex Named();
}
