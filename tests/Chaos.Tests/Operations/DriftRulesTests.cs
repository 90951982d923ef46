using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Deploy.Tests;

namespace Gatehouse.Chaos.Tests.Operations;

/// <summary>What the drift test finds, and what it lets pass.</summary>
public class DriftRulesTests
{
    private static readonly KnownSeries Known = new(
    [
        New("up", ("job", "gatehouse-api"), ("instance", "a:1")),
        New("up", ("job", "redis"), ("instance", "b:1")),
        New("requests_total", ("job", "gatehouse-api"), ("instance", "a:1"), ("code", "200")),
        New("requests_total", ("job", "gatehouse-api"), ("instance", "a:1"), ("code", "429"), ("reason", "busy")),
    ]);

    private static readonly UnseenMetric[] Unseen =
    [
        new("gatehouse.http.overloads", "src/X.cs", "a store has to be lost"),
        new("requests", "src/X.cs", "a store has to be lost", "reason", "lost"),
        new("requests", "src/X.cs", "a store has to be damaged", "reason", "damaged"),
    ];

    [Theory]
    [InlineData("rate(requests_total[5m])")]
    [InlineData("""sum by (job) (rate(requests_total{code=~"4.."}[5m])) / on (job) group_left (instance) up""")]
    [InlineData("""requests_total{reason!="busy"}""")]
    [InlineData("""requests_total{reason="lost"} or vector(0)""")]
    [InlineData("""requests_total{reason=~"lost|damaged"}""")]
    [InlineData("sum by (reason, region) (gatehouse_http_overloads_total)")]
    [InlineData("""sum by (to) (label_replace(up, "to", "$1", "job", "(.*)"))""")]
    public async Task Expression_ThatTheSystemCanAnswer_Passes(string expression) => Assert.Empty(await CheckAsync(expression));

    [Theory]
    [InlineData("rate(request_total[5m])", "there is no metric request_total")]
    [InlineData("""up{jobb="redis"}""", "up has no label jobb")]
    [InlineData("sum by (region) (up)", "up has no label region")]
    [InlineData("sum without (region) (up)", "up has no label region")]
    [InlineData("up * on (instance, region) requests_total", "up has no label region")]
    [InlineData("up * on (job) group_left (version) requests_total", "requests_total has no label version")]
    [InlineData("""requests_total{code="500"}""", "no series is selected by requests_total{code=\"500\"}")]
    [InlineData("""requests_total{code="200",reason="busy"}""", "no series is selected by")]
    [InlineData("""requests_total{reason=~"lost|gone"}""", "no series is selected by")]
    [InlineData("sum by (store) (gatehouse_http_overloads_total)", "gatehouse_http_overloads_total has no label store")]
    [InlineData("""gatehouse_http_overloads_total{store="data"}""", "gatehouse_http_overloads_total has no label store")]
    [InlineData("""{job="redis"}""", "a selector names no metric")]
    [InlineData("sum(up", "does not parse at")]
    public async Task Expression_ThatTheSystemCannotAnswer_IsSaid(string expression, string expected)
    {
        var fault = Assert.Single(await CheckAsync(expression), fault => fault.Contains(expected, StringComparison.Ordinal));

        Assert.StartsWith($"rules.yml, alert A: {expression}: ", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void UnseenMetrics_AreMadeByTheirSources() => Assert.DoesNotContain(UnseenMetrics.All, metric => !metric.IsMade);

    [Theory]
    [InlineData("src/ApiHost/Http/HttpMetrics.cs", "gatehouse.http.errors", true)]
    [InlineData("src/ApiHost/Http/HttpMetrics.cs", "gatehouse.http.error", false)]
    [InlineData("Orleans.Core.dll", "orleans-messaging-expired", true)]
    [InlineData("Orleans.Core.dll", "orleans-messaging-expirees", false)]
    public void UnseenMetric_IsMade_OnlyIfItsSourceHasIt(string source, string word, bool expected) =>
        Assert.Equal(expected, new UnseenMetric(word, source, "why").IsMade);

    [Fact]
    public void Rules_AreShortenedAndOtherwiseAsTheyAre()
    {
        var quickened = PrometheusFiles.Quickened(
            """
            interval: 30s
            expr: rate(a[5m]) > 300 and rate(a[2h] offset 15m) < 0.5
            for: 10m
            """);

        Assert.Equal(
            """
            interval: 1s
            expr: rate(a[5000ms]) > 300 and rate(a[60000ms] offset 7500ms) < 0.5
            for: 5000ms
            """, quickened);
    }

    private static async Task<List<string>> CheckAsync(string expression) =>
    [
        .. new Drift(Known, Unseen).Check(
            new DeployedExpression("rules.yml", "alert A", expression), (await PromQl.ParseAsync([expression]))[0]),
    ];

    private static Series New(string metric, params (string Name, string Value)[] labels) =>
        new(metric, labels.ToDictionary(label => label.Name, label => label.Value));
}
