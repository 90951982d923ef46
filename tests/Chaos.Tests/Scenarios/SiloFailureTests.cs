namespace Gatehouse.Chaos.Tests.Scenarios;

/// <summary>A silo that hangs under load: what it had answers elsewhere soon, and it does no harm when it is back.</summary>
[Collection(ChaosScenarios.Name)]
public class SiloFailureTests(ChaosRegion region, ITestOutputHelper log)
{
    [Fact]
    public Task Zombie_StoppedUntilDeclaredDead_EndsItselfAndHasDoneNoHarm() =>
        region.PlayAsync(log, async (round, cluster, run) =>
        {
            await ChaosRun.GoOnAsync(round.Between(3, 5));
            var victim = round.Random.Next(cluster.Silos.Length);
            await run.PauseSiloAsync(cluster, victim);
            await ChaosRun.GoOnAsync(round.Between(0, 3));
            await run.ContinueSiloAsync(cluster, victim);
            await run.StartSiloAsync(cluster, victim);
            await ChaosRun.GoOnAsync(TimeSpan.FromSeconds(4));
        });
}
