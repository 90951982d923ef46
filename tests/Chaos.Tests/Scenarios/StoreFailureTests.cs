using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.Scenarios;

/// <summary>A Redis that is silent, full or on a bad disk under load: nothing is lost or done twice.</summary>
[Collection(ChaosScenarios.Name)]
public class StoreFailureTests(ChaosRegion region, ITestOutputHelper log)
{
    [Fact]
    public Task Store_SilentAndThenOutOfMemory_KeepsAllPromises() => region.PlayAsync(log, async (round, cluster, run) =>
    {
        await ChaosRun.GoOnAsync(round.Between(3, 4));
        await run.PauseStoreAsync(cluster, round.Between(2, 4));
        await ChaosRun.GoOnAsync(round.Between(4, 5));
        await run.FillStoreAsync(cluster, round.Between(2, 3));
        await ChaosRun.GoOnAsync(TimeSpan.FromSeconds(7));
    });

    [Fact]
    public Task Store_WhoseDiskFailsAndIsFull_LosesNothingThatItAcknowledged() =>
        region.PlayAsync(log, async (round, cluster, run) =>
        {
            Programs.Require("strace", "strace");
            await ChaosRun.GoOnAsync(round.Between(2, 4));
            await run.FailDiskAsync(cluster, syncs: round.Random.Next(20, 200));
            if (cluster.Redis.Disk is { } disk)
            {
                await ChaosRun.GoOnAsync(round.Between(4, 5));
                await run.FillDiskAsync(cluster, disk, round.Between(0, 2));
            }

            await ChaosRun.GoOnAsync(TimeSpan.FromSeconds(7));
        });
}
