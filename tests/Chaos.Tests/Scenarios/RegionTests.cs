using Gatehouse.Chaos.Tests.Clusters;

namespace Gatehouse.Chaos.Tests.Scenarios;

/// <summary>Regions that share a limit, far from each other: all together stay within the published bound.</summary>
[Collection(ChaosScenarios.Name)]
public class RegionTests(ITestOutputHelper log)
{
    [Fact]
    public Task Regions_Two_TogetherAdmitNotOneTooMany() => ChaosRounds.PlayAsync(log, async round =>
    {
        await using var regions = await ChaosRegions.StartAsync(2);
        await using var run = await ChaosRun.StartAsync(round, regions.All, unseenRegions: 0);
        await ChaosRun.GoOnAsync(TimeSpan.FromSeconds(10));
        await run.CheckAsync();
    });

    [Fact]
    public Task Regions_Three_CutOffFromTheGlobalStore_KeepToTheirFairShares() =>
        ChaosRounds.PlayAsync(log, async round =>
        {
            await using var regions = await ChaosRegions.StartAsync(3);
            await using var run = await ChaosRun.StartAsync(round, regions.All, unseenRegions: 2);
            await ChaosRun.GoOnAsync(round.Between(7, 8));
            // One of them, or all at the same time.
            var victim = round.Random.Next(regions.All.Count + 1);
            var isAll = victim == regions.All.Count;
            var networks = isAll ? regions.Networks : [regions.Networks[victim]];
            // Connections that break are noticed at once, those that fall silent are not.
            var isSilent = round.Random.Next(2) == 0;
            await run.DoAsync(
                isSilent ? "silently" : "loudly",
                PromisedCosts.CutOff with { Region = isAll ? null : regions.All[victim].Region },
                () => CutOffAsync(networks, isSilent, round.Between(7, 9)));
            await ChaosRun.GoOnAsync(TimeSpan.FromSeconds(5));
            await run.CheckAsync();
        });

    private static async Task CutOffAsync(IReadOnlyList<DelayingProxy> networks, bool isSilent, TimeSpan time)
    {
        foreach (var network in networks)
        {
            Action cut = isSilent ? network.Hold : network.Cut;
            cut();
        }

        await ChaosRun.GoOnAsync(time);
        foreach (var network in networks)
        {
            network.Mend();
        }
    }
}
