using System.Text.RegularExpressions;

namespace Gatehouse.Deploy.Tests.Alerts;

/// <summary>Who is told, and what is left out because something else explains it.</summary>
public partial class AlertmanagerTests
{
    private static readonly string Config = Repository.PathOf("deploy", "alertmanager", "alertmanager.yml");

    [Fact]
    public async Task Configuration_IsAccepted()
    {
        var result = await Tool.RunAsync("amtool", "prometheus-alertmanager", ["check-config", Config]);

        Assert.True(result.ExitCode == 0, result.All);
    }

    [Theory]
    [InlineData("page", "alertname=RedisDown", "severity=page", "region=local")]
    [InlineData("ticket", "alertname=GatehouseClockSkew", "severity=ticket", "region=local")]
    [InlineData("watchdog", "alertname=Watchdog", "severity=none")]
    [InlineData("ticket", "alertname=OfSomebodyElse")]
    public async Task Alerts_ReachTheirReceiver(string receiver, params string[] labels)
    {
        var result = await Tool.RunAsync("amtool", "prometheus-alertmanager",
            ["config", "routes", "test", $"--config.file={Config}", $"--verify.receivers={receiver}", .. labels]);

        Assert.True(result.ExitCode == 0, result.All);
    }

    [Fact]
    public void Inhibitions_NameAlertsThatThereAre()
    {
        var rules = RuleFile.Read<AlertmanagerFile>(Config).InhibitRules;
        var severities = RuleFile.Alerts.ToDictionary(alert => alert.Alert!, alert => alert.Labels["severity"]);

        Assert.NotEmpty(rules);
        Assert.All(rules, rule =>
        {
            var (sources, targets) = (Names(rule.SourceMatchers), Names(rule.TargetMatchers));
            Assert.All([.. sources, .. targets], name => Assert.Contains(name, severities.Keys));
            Assert.Empty(sources.Intersect(targets));
            // Without it the trouble of one region would silence another.
            Assert.Contains("region", rule.Equal);
            // A ticket must not keep a page away.
            Assert.True(
                sources.All(name => severities[name] == "page") || targets.All(name => severities[name] == "ticket"));
        });
    }

    private static List<string> Names(List<string> matchers) =>
        [.. Assert.Single(AlertName().Matches(Assert.Single(matchers))).Groups[1].Value.Split('|')];

    [GeneratedRegex("^alertname=~?\"([A-Za-z|]+)\"$")]
    private static partial Regex AlertName();

    private sealed class AlertmanagerFile
    {
        public List<InhibitRule> InhibitRules { get; set; } = [];
    }

    private sealed class InhibitRule
    {
        public List<string> SourceMatchers { get; set; } = [];

        public List<string> TargetMatchers { get; set; } = [];

        public List<string> Equal { get; set; } = [];
    }
}
