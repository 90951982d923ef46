using Gatehouse.Chaos.Tests.Clusters;
using Gatehouse.Chaos.Tests.RateLimiting.Checkers;

namespace Gatehouse.Chaos.Tests.RateLimiting.Scenarios;

/// <summary>A silo that dies or hangs under load: one chunk too many at most, and its subjects answer elsewhere soon.</summary>
[Collection(ChaosScenarios.Name)]
public class SiloFailureTests(ITestOutputHelper log)
{
    private static readonly ClusterLayout Layout = new(Silos: 3, Hosts: 2);

    [Fact]
    public Task Silo_KilledAndReplaced_AdmitsAChunkTooManyAtMost() => ChaosRounds.PlayAsync(log, async round =>
    {
        await using var cluster = await ChaosCluster.StartAsync(Layout);
        await using var run = await LimitRun.StartAsync(round, cluster);
        await LimitRun.GoOnAsync(round.Between(4, 6));
        var victim = round.Random.Next(cluster.Silos.Length);
        await run.KillSiloAsync(cluster, victim);
        await LimitRun.GoOnAsync(round.Between(0, 3));
        await run.StartSiloAsync(cluster, victim);
        await LimitRun.GoOnAsync(TimeSpan.FromSeconds(10));
        await run.CheckAsync(LimitCheckers.Regional);
    });

    [Fact]
    public Task Silo_PausedUntilDeclaredDead_EndsItselfAndAdmitsAChunkTooManyAtMost() =>
        ChaosRounds.PlayAsync(log, async round =>
        {
            await using var cluster = await ChaosCluster.StartAsync(Layout);
            await using var run = await LimitRun.StartAsync(round, cluster);
            await LimitRun.GoOnAsync(round.Between(4, 6));
            var victim = round.Random.Next(cluster.Silos.Length);
            await run.PauseSiloAsync(cluster, victim);
            await LimitRun.GoOnAsync(round.Between(0, 3));
            await run.ContinueSiloAsync(cluster, victim);
            await run.StartSiloAsync(cluster, victim);
            await LimitRun.GoOnAsync(TimeSpan.FromSeconds(4));
            await run.CheckAsync(LimitCheckers.Regional);
        });
}
