namespace Gatehouse.Chaos.Tests.Scenarios;

/// <summary>Restarts under load: an orderly one costs nobody anything, of one process or of all at once.</summary>
[Collection(ChaosScenarios.Name)]
public class RestartTests(ChaosRegion region, ITestOutputHelper log)
{
    [Fact]
    public Task Region_UpgradedProcessByProcess_KeepsAllPromises() => region.PlayAsync(log, async (round, cluster, run) =>
    {
        await ChaosRun.GoOnAsync(round.Between(2, 4));
        for (var silo = cluster.Silos.Length - 1; silo >= 0; silo--)
        {
            await run.StopSiloAsync(cluster, silo);
            // The clocks of new machines are off: one is late, the next one ahead.
            await run.StartSiloAsync(cluster, silo, ahead: TimeSpan.FromSeconds(silo % 2 == 0 ? -4 : 4));
            await ChaosRun.GoOnAsync(round.Between(1, 2));
        }

        for (var host = 0; host < cluster.Hosts.Length; host++)
        {
            await run.ReplaceHostAsync(cluster, host);
        }

        await ChaosRun.GoOnAsync(TimeSpan.FromSeconds(3));
    });

    [Fact]
    public Task Instances_StoppedAllAtOnceAndStarted_KeepAllPromises() => region.PlayAsync(log, async (round, cluster, run) =>
    {
        await ChaosRun.GoOnAsync(round.Between(3, 5));
        await run.StopAllAsync(cluster);
        await run.StartAllAsync(cluster);
        await ChaosRun.GoOnAsync(TimeSpan.FromSeconds(7));
    });

    [Fact]
    public Task Instances_KilledAllAtOnceAndStarted_AdmitAChunkTooManyAtMost() =>
        region.PlayAsync(log, async (round, cluster, run) =>
        {
            await ChaosRun.GoOnAsync(round.Between(3, 5));
            await run.KillAllAsync(cluster);
            await run.StartAllAsync(cluster);
            await ChaosRun.GoOnAsync(TimeSpan.FromSeconds(7));
        });
}
