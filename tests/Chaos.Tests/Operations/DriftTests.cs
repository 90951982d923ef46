using System.Collections.Concurrent;
using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Deploy.Tests;
using Gatehouse.Deploy.Tests.Dashboards;

namespace Gatehouse.Chaos.Tests.Operations;

/// <summary>
/// What dashboards, rules and Terraform policies ask for, the real system has: a real Prometheus that scrapes it through
/// traffic and faults knows every metric and label of every expression, can do each query, and has something for each panel.
/// </summary>
[Collection(OperationsRuns.Name)]
public sealed class DriftTests(OperationsSystem system, ITestOutputHelper log)
{
    private static readonly TimeSpan ScrapedWithin = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Expressions_AskForWhatTheSystemHas()
    {
        await system.FailBrieflyAsync();
        var expressions = RuleExpressions.All().Concat(DashboardExpressions.All(DashboardFile.ReadAll()))
            .Concat(await PolicyExpressions.AllAsync()).ToList();
        var parsed = await PromQl.ParseAsync(expressions.Select(expression => expression.Text));
        var checks = expressions.Zip(parsed).ToList();
        Drift drift = null!;
        List<string> faults = [];
        await Eventually.HoldsAsync(
            async () =>
            {
                drift = new Drift(new KnownSeries(await system.Prometheus.SeriesAsync()), UnseenMetrics.All);
                faults = [.. checks.SelectMany(check => drift.Check(check.First, check.Second))];
                return faults.Count == 0;
            },
            ScrapedWithin, () => string.Join('\n', faults));

        // A rate is known from the second scrape on.
        IReadOnlyCollection<string> unanswered = [];
        await Eventually.HoldsAsync(
            async () => (unanswered = await QueryAsync(checks, drift)).Count == 0, ScrapedWithin,
            () => string.Join('\n', unanswered));
        await ExpectFoundAsync(drift, "sum by (reason) (rate(gatehouse_http_overload_total[5m]))", "there is no metric");
        await ExpectFoundAsync(drift, "sum by (reasons) (rate(gatehouse_http_overloads_total[5m]))", "has no label reasons");
        await ExpectFoundAsync(drift, "gatehouse_circuit_state{store=\"database\"} == 2", "no series is selected");
        log.WriteLine($"{expressions.Count} expressions");
    }

    /// <summary>What looks much like something that is shipped, and asks for what is not there.</summary>
    private static async Task ExpectFoundAsync(Drift drift, string expression, string expected)
    {
        var parsed = (await PromQl.ParseAsync([expression]))[0];
        var fault = Assert.Single(drift.Check(new DeployedExpression("a file", "a place", expression), parsed));
        Assert.Contains(expected, fault, StringComparison.Ordinal);
    }

    /// <summary>Asks each; answers what is wrong with them, and which panels have nothing to draw.</summary>
    private async Task<IReadOnlyCollection<string>> QueryAsync(
        IEnumerable<(DeployedExpression Expression, PromQl Parsed)> checks, Drift drift)
    {
        var faults = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(
            checks, new ParallelOptions { MaxDegreeOfParallelism = 4 },
            async (check, _) =>
            {
                var (count, error) = await system.Prometheus.QueryAsync(check.Expression.Text);
                var isPanel = check.Expression.Place.StartsWith("panel", StringComparison.Ordinal);
                if (error is not null || (count == 0 && isPanel && !drift.ReadsUnseen(check.Parsed)))
                {
                    faults.Add($"{check.Expression}: {error ?? "yields nothing"}");
                }
            });
        return faults;
    }
}
