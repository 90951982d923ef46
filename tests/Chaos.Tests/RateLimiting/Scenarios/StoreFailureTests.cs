using Gatehouse.Chaos.Tests.Clusters;
using Gatehouse.Chaos.Tests.RateLimiting.Checkers;

namespace Gatehouse.Chaos.Tests.RateLimiting.Scenarios;

/// <summary>A Redis that is gone, or silent, under load: no more than the limit, and answers that say so.</summary>
[Collection(ChaosScenarios.Name)]
public class StoreFailureTests(ITestOutputHelper log)
{
    private static readonly ClusterLayout Layout = new(Silos: 2, Hosts: 2);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Store_AwayAndBackWithItsData_AdmitsNotOneTooMany(bool isPaused) =>
        ChaosRounds.PlayAsync(log, async round =>
        {
            await using var cluster = await ChaosCluster.StartAsync(Layout);
            await using var run = await LimitRun.StartAsync(round, cluster);
            await LimitRun.GoOnAsync(round.Between(4, 6));
            var away = round.Between(2, 5);
            await run.DoAsync(isPaused ? "SIGSTOP" : "SIGKILL", PromisedCosts.StoreAway, async () =>
            {
                await (isPaused ? cluster.Redis.PauseAsync() : cluster.Redis.KillAsync());
                await LimitRun.GoOnAsync(away);
                await (isPaused ? cluster.Redis.ContinueAsync() : cluster.Redis.RestartAsync());
            });
            await LimitRun.GoOnAsync(TimeSpan.FromSeconds(9));
            await run.CheckAsync(LimitCheckers.Regional);
        });
}
