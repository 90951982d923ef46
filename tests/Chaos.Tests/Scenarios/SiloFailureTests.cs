namespace Gatehouse.Chaos.Tests.Scenarios;

/// <summary>A silo that dies or hangs under load: what it had answers elsewhere soon, and all promises hold.</summary>
[Collection(ChaosScenarios.Name)]
public class SiloFailureTests(ChaosRegion region, ITestOutputHelper log)
{
    [Fact]
    public Task Silo_KilledAndReplaced_AdmitsAChunkTooManyAtMost() => region.PlayAsync(log, async (round, cluster, run) =>
    {
        await ChaosRun.GoOnAsync(round.Between(4, 6));
        var victim = round.Random.Next(cluster.Silos.Length);
        await run.KillSiloAsync(cluster, victim);
        await ChaosRun.GoOnAsync(round.Between(0, 3));
        await run.StartSiloAsync(cluster, victim);
        await ChaosRun.GoOnAsync(TimeSpan.FromSeconds(10));
    });

    [Fact]
    public Task Zombie_StoppedUntilDeclaredDead_EndsItselfAndHasDoneNoHarm() =>
        region.PlayAsync(log, async (round, cluster, run) =>
        {
            await ChaosRun.GoOnAsync(round.Between(4, 6));
            var victim = round.Random.Next(cluster.Silos.Length);
            await run.PauseSiloAsync(cluster, victim);
            await ChaosRun.GoOnAsync(round.Between(0, 3));
            await run.ContinueSiloAsync(cluster, victim);
            await run.StartSiloAsync(cluster, victim);
            await ChaosRun.GoOnAsync(TimeSpan.FromSeconds(4));
        });
}
