using Gatehouse.Chaos.Tests.SigningKeys.Load;

namespace Gatehouse.Chaos.Tests.Scenarios;

/// <summary>What a rotation needs dies in the middle of one: the ring stays sound, and nothing revoked signs.</summary>
[Collection(ChaosScenarios.Name)]
public class RotationFailureTests(ChaosRegion region, ITestOutputHelper log)
{
    [Fact]
    public Task Rotation_WhileSilosAndThenTheStoreAreKilled_LeavesASoundRing() =>
        region.PlayAsync(log, async (round, cluster, run) =>
        {
            await ChaosRun.GoOnAsync(round.Between(3, 4));
            var victim = round.Random.Next(cluster.Silos.Length);
            await run.Workload<KeyWorkload>().NextChangeAsync();
            await run.KillSiloAsync(cluster, victim);
            await run.StartSiloAsync(cluster, victim);
            await ChaosRun.GoOnAsync(round.Between(3, 5));
            await run.Workload<KeyWorkload>().NextChangeAsync();
            await run.KillStoreAsync(cluster, round.Between(0.5, 2));
            await ChaosRun.GoOnAsync(TimeSpan.FromSeconds(7));
        });
}
