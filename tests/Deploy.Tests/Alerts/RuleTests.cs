using System.Text.RegularExpressions;

namespace Gatehouse.Deploy.Tests.Alerts;

/// <summary>The rules of Prometheus: well-formed, tested, and each with what its reader needs.</summary>
public partial class RuleTests
{
    /// <summary>It always fires; that is its use.</summary>
    private const string Watchdog = "Watchdog";

    [Fact]
    public async Task Configuration_IsAccepted()
    {
        var config = Repository.PathOf("deploy", "prometheus", "prometheus.yml");
        var rules = RuleFile.Paths("rules").ToList();
        string[][] checks =
        [
            ["check", "config", "--lint=all", config],
            ["check", "rules", "--lint=all", "--lint-fatal", .. rules],
        ];

        foreach (var check in checks)
        {
            var result = await Tool.RunAsync("promtool", "prometheus", check);
            Assert.True(result.ExitCode == 0, result.All);
        }

        Assert.NotEmpty(rules);
    }

    [Theory]
    [MemberData(nameof(TestFiles))]
    public async Task Alerts_FireAndStaySilent(string file)
    {
        var result = await Tool.RunAsync(
            "promtool", "prometheus", ["test", "rules", Repository.PathOf("deploy", "prometheus", "tests", file)]);

        Assert.True(result.ExitCode == 0, result.All);
    }

    [Fact]
    public void EveryAlert_HasACaseInWhichItFiresAndOneInWhichItDoesNot()
    {
        var cases = RuleFile.Paths("tests").SelectMany(path => RuleFile.Read<RuleTestFile>(path).Tests)
            .SelectMany(tests => tests.AlertRuleTest).ToList();
        var alerts = RuleFile.Alerts.Select(alert => alert.Alert!).Order().ToList();

        Assert.Equal(alerts, Names(cases.Where(test => test.ExpAlerts.Count > 0)));
        Assert.Equal(alerts.Where(alert => alert != Watchdog), Names(cases.Where(test => test.ExpAlerts.Count == 0)));
        // Each file's tests stand in the one of the same name.
        Assert.Equal(
            RuleFile.Paths("rules").Select(path => $"{Path.GetFileNameWithoutExtension(path)}_test.yml"),
            RuleFile.Paths("tests").Select(Path.GetFileName));

        static IEnumerable<string> Names(IEnumerable<AlertCase> cases) =>
            cases.Select(test => test.Alertname).Distinct().Order();
    }

    [Fact]
    public void EveryAlert_SaysWhatItIsAndWhereToGoOn()
    {
        Assert.Equal(RuleFile.Alerts.Count, RuleFile.Alerts.Select(alert => alert.Alert).Distinct().Count());
        Assert.All(RuleFile.Alerts, alert =>
        {
            Assert.Matches(PascalCase(), alert.Alert!);
            Assert.Equal(["area", "service", "severity"], alert.Labels.Keys.Order());
            Assert.Equal("gatehouse", alert.Labels["service"]);
            Assert.Matches(alert.Alert == Watchdog ? "^none$" : "^(page|ticket)$", alert.Labels["severity"]);
            Assert.Equal(["dashboard_url", "description", "runbook_url", "summary"], alert.Annotations.Keys.Order());
            // Terraform uses it as a title, where nothing is filled in.
            Assert.DoesNotContain("{{", alert.Annotations["summary"], StringComparison.Ordinal);
            var dashboard = Assert.Single(DashboardUrl().Matches(alert.Annotations["dashboard_url"])).Groups[1].Value;
            Assert.True(
                File.Exists(Repository.PathOf("deploy", "grafana", "dashboards", $"{dashboard}.json")), dashboard);
        });
    }

    [Fact]
    public async Task Expressions_AreUnderstoodByTheParserOfTheirReaders()
    {
        var parsed = await PromQl.ParseAsync(RuleFile.AllRules.Select(rule => rule.Expr));

        Assert.All(parsed, expression => Assert.True(expression.Errors.Count == 0, expression.Expression));
    }

    [Fact]
    public async Task RecordedSeries_AreMadeOfMetricsAndUsed()
    {
        var recorded = RuleFile.AllRules.Where(rule => rule.Record is not null).ToList();
        var names = recorded.Select(rule => rule.Record!).ToHashSet();

        var read = await PromQl.ParseAsync(recorded.Select(rule => rule.Expr));
        // Terraform puts each in its place once.
        Assert.All(read, expression => Assert.DoesNotContain(expression.Metrics, names.Contains));
        var used = (await PromQl.ParseAsync(RuleFile.Alerts.Select(alert => alert.Expr)))
            .SelectMany(expression => expression.Metrics).ToHashSet();
        Assert.Equal(names.Order(), used.Where(name => name.Contains(':', StringComparison.Ordinal)).Order());
        Assert.Equal(names.Count, recorded.Count);
    }

    public static TheoryData<string> TestFiles() =>
        [.. RuleFile.Paths("tests").Select(path => Path.GetFileName(path)!)];

    [GeneratedRegex("^([A-Z][a-z]+)+$")]
    private static partial Regex PascalCase();

    [GeneratedRegex("^/d/([a-z-]+)$")]
    private static partial Regex DashboardUrl();
}
