using Gatehouse.Chaos.Tests.Clusters;
using Gatehouse.Chaos.Tests.RateLimiting.Checkers;

namespace Gatehouse.Chaos.Tests.RateLimiting.Scenarios;

/// <summary>Regions that share a limit, far from each other: all together stay within the published bound.</summary>
[Collection(ChaosScenarios.Name)]
public class RegionTests(ITestOutputHelper log)
{
    [Fact]
    public Task Regions_Two_TogetherAdmitNotOneTooMany() => ChaosRounds.PlayAsync(log, async round =>
    {
        await using var regions = await ChaosRegions.StartAsync(2);
        await using var run = await LimitRun.StartAsync(round, regions.All);
        await LimitRun.GoOnAsync(TimeSpan.FromSeconds(12));
        await run.CheckAsync(LimitCheckers.Global(unseenRegions: 0));
    });

    [Fact]
    public Task Regions_Three_TogetherAdmitTheGlobalLimitAndOneExchangeAtMost() =>
        ChaosRounds.PlayAsync(log, async round =>
        {
            await using var regions = await ChaosRegions.StartAsync(3);
            await using var run = await LimitRun.StartAsync(round, regions.All);
            await LimitRun.GoOnAsync(TimeSpan.FromSeconds(14));
            await run.CheckAsync(LimitCheckers.Global(unseenRegions: 2));
        });

    [Fact]
    public Task Region_CutOffFromTheGlobalStore_KeepsToItsFairShare() =>
        ChaosRounds.PlayAsync(log, async round =>
        {
            await using var regions = await ChaosRegions.StartAsync(3);
            await using var run = await LimitRun.StartAsync(round, regions.All);
            await LimitRun.GoOnAsync(round.Between(4, 6));
            var victim = round.Random.Next(regions.All.Count);
            var (region, network) = (regions.All[victim].Region, regions.Networks[victim]);
            // Connections that break are noticed at once, those that fall silent are not.
            var isSilent = round.Random.Next(2) == 0;
            await run.DoAsync(isSilent ? "silently" : "loudly", PromisedCosts.CutOff with { Region = region }, async () =>
            {
                Action cut = isSilent ? network.Hold : network.Cut;
                cut();
                await LimitRun.GoOnAsync(round.Between(7, 9));
                network.Mend();
            });
            await LimitRun.GoOnAsync(TimeSpan.FromSeconds(6));
            await run.CheckAsync(LimitCheckers.Global(unseenRegions: 2));
        });
}
