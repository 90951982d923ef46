using Gatehouse.Chaos.Tests.Clusters;
using Gatehouse.Chaos.Tests.RateLimiting.Checkers;

namespace Gatehouse.Chaos.Tests.RateLimiting.Scenarios;

/// <summary>Restarts under load: an orderly one admits not one too many, of one silo or of all at once.</summary>
[Collection(ChaosScenarios.Name)]
public class RestartTests(ITestOutputHelper log)
{
    private static readonly ClusterLayout Layout = new(Silos: 3, Hosts: 2);

    [Fact]
    public Task Silos_RestartedOneByOne_AdmitNotOneTooMany() => ChaosRounds.PlayAsync(log, async round =>
    {
        await using var cluster = await ChaosCluster.StartAsync(Layout);
        await using var run = await LimitRun.StartAsync(round, cluster);
        await LimitRun.GoOnAsync(round.Between(3, 5));
        for (var silo = 0; silo < cluster.Silos.Length; silo++)
        {
            await run.StopSiloAsync(cluster, silo);
            await run.StartSiloAsync(cluster, silo);
            await LimitRun.GoOnAsync(round.Between(1, 3));
        }

        await LimitRun.GoOnAsync(TimeSpan.FromSeconds(4));
        await run.CheckAsync(LimitCheckers.Regional);
    });

    [Fact]
    public Task Silos_StoppedAllAtOnceAndStarted_AdmitNotOneTooMany() => ChaosRounds.PlayAsync(log, async round =>
    {
        await using var cluster = await ChaosCluster.StartAsync(Layout);
        await using var run = await LimitRun.StartAsync(round, cluster);
        await LimitRun.GoOnAsync(round.Between(4, 6));
        await run.StopAllSilosAsync(cluster);
        await run.StartAllSilosAsync(cluster);
        await LimitRun.GoOnAsync(TimeSpan.FromSeconds(8));
        await run.CheckAsync(LimitCheckers.Regional);
    });

    [Fact]
    public Task Silos_KilledAllAtOnceAndStarted_AdmitAChunkTooManyAtMost() => ChaosRounds.PlayAsync(log, async round =>
    {
        await using var cluster = await ChaosCluster.StartAsync(Layout);
        await using var run = await LimitRun.StartAsync(round, cluster);
        await LimitRun.GoOnAsync(round.Between(4, 6));
        await run.KillAllSilosAsync(cluster);
        await run.StartAllSilosAsync(cluster);
        await LimitRun.GoOnAsync(TimeSpan.FromSeconds(8));
        await run.CheckAsync(LimitCheckers.Regional);
    });
}
