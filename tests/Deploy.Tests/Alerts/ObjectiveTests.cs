using System.Globalization;
using System.Text.RegularExpressions;

namespace Gatehouse.Deploy.Tests.Alerts;

/// <summary>The page of the objectives says what the rules do.</summary>
public partial class ObjectiveTests
{
    [Fact]
    public void Objectives_AreThoseOfTheRules()
    {
        var page = Repository.Read("docs", "slo.md");
        var documented = Row().Matches(page).ToDictionary(
            row => row.Groups[1].Value,
            row => 1 - (decimal.Parse(row.Groups[2].Value, CultureInfo.InvariantCulture) / 100));
        var rules = RuleFile.Alerts.Where(alert => alert.Labels["area"] == "slo").ToList();

        var budgets = rules.SelectMany(rule => Threshold().Matches(rule.Expr)).Select(match =>
            (Sli: match.Groups[1].Value, Window: match.Groups[2].Value, Factor: match.Groups[3].Value,
                Budget: decimal.Parse(match.Groups[4].Value, CultureInfo.InvariantCulture))).ToList();

        Assert.Equal(documented.Keys.Order(), budgets.Select(budget => budget.Sli).Distinct().Order());
        Assert.All(budgets, budget => Assert.Equal(documented[budget.Sli], budget.Budget));
        // Both windows of each pair, with the same factor, for every objective.
        string[] windows = ["5m 14.4", "1h 14.4", "30m 6", "6h 6", "2h 3", "1d 3", "6h 1", "3d 1"];
        Assert.All(budgets.GroupBy(budget => budget.Sli), sli => Assert.Equal(
            windows.Order(), sli.Select(budget => $"{budget.Window} {budget.Factor}").Order()));
        Assert.All(windows, window => Assert.Contains(window.Split(' ')[0], page, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"^\| `gatehouse:([a-z_]+)_errors` \| ([0-9.]+) % \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"gatehouse:([a-z_]+)_errors:ratio_rate([0-9]+[mhd]) > ([0-9.]+) \* ([0-9.]+)")]
    private static partial Regex Threshold();
}
