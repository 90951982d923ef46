namespace Gatehouse.Chaos.Tests.Scenarios;

/// <summary>An archive that is gone or silent under load: events are recorded all the same, and archived afterwards.</summary>
[Collection(ChaosScenarios.Name)]
public class ArchiveFailureTests(ChaosRegion region, ITestOutputHelper log)
{
    [Fact]
    public Task Archive_SilentAndThenKilled_KeepsAllPromises() => region.PlayAsync(log, async (round, cluster, run) =>
    {
        await ChaosRun.GoOnAsync(round.Between(3, 4));
        await run.PauseArchiveAsync(cluster, round.Between(3, 5));
        await ChaosRun.GoOnAsync(round.Between(1, 2));
        await run.KillArchiveAsync(cluster, round.Between(1, 3));
        await ChaosRun.GoOnAsync(TimeSpan.FromSeconds(3));
    });
}
