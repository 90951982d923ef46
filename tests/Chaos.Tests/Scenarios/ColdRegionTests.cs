using Gatehouse.Chaos.Tests.Clusters;
using Gatehouse.Chaos.Tests.Histories;
using Gatehouse.Chaos.Tests.RateLimiting.Load;

namespace Gatehouse.Chaos.Tests.Scenarios;

/// <summary>
/// A region that has just been started, and one whose store was flushed, attacked from the first second on: nobody gets a
/// fresh full budget.
/// </summary>
[Collection(ChaosScenarios.Name)]
public class ColdRegionTests(ITestOutputHelper log)
{
    // A flushed store is noticed within that.
    private static readonly TimeSpan NoticedWithin = TimeSpan.FromSeconds(2);

    [Fact]
    public Task Region_AttackedWhileItIsYoung_AdmitsByTheReducedLimit() => ChaosRounds.PlayAsync(log, async round =>
    {
        // It cannot be older than that.
        var born = new HistoryClock().Now;
        await using var cluster = await ChaosCluster.StartAsync(new ClusterLayout(Silos: 0, Hosts: 2));
        await using var run = await ChaosRun.StartAsync(round, [cluster]);
        var first = await run.AddAsync(LimitWorkload.StartColdAsync(run, "young", run.Clock.Now, born + LoadPolicies.ColdFor));
        await ChaosRun.GoOnAsync(TimeSpan.FromSeconds(8));
        await first.StopAsync();

        var flushed = run.Clock.Now;
        await run.DoAsync("flushed", PromisedCosts.StoreAway, () => cluster.Redis.SendAsync("FLUSHALL"));
        await ChaosRun.GoOnAsync(NoticedWithin);
        await run.AddAsync(LimitWorkload.StartColdAsync(run, "flushed", run.Clock.Now, flushed + LoadPolicies.ColdFor));
        await ChaosRun.GoOnAsync(TimeSpan.FromSeconds(8));
        await run.CheckAsync();
    });
}
