using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Grains.Regions;

namespace Gatehouse.Chaos.Tests.Regions;

/// <summary>The script that records a region's start, on both kinds of store.</summary>
public class RegionStoreTests
{
    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Start_AskedAgain_AnswersTheFirstStartAndTheStoresTime(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var regions = new RedisRegionStore(store.Redis);

        var first = await regions.StartAsync("r1");
        var again = await regions.StartAsync("r1");
        var other = await regions.StartAsync("r2");

        Assert.Equal(first.StoreTime, first.StartedAt);
        Assert.Equal((first.StartedAt, first.Generation), (again.StartedAt, again.Generation));
        Assert.True(again.StoreTime >= first.StoreTime);
        Assert.NotEqual(first.Generation, other.Generation);
        var now = TimeProvider.System.GetUtcNow();
        Assert.InRange(first.StoreTime, now.AddMinutes(-1), now.AddMinutes(1));
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Start_AfterAFlush_IsANewRegion(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var regions = new RedisRegionStore(store.Redis);
        var before = await regions.StartAsync("r1");

        await store.Admin.ExecuteAsync("FLUSHALL");
        await store.Admin.ExecuteAsync("SCRIPT", "FLUSH");
        var after = await regions.StartAsync("r1");

        Assert.NotEqual(before.Generation, after.Generation);
        Assert.True(after.StartedAt >= before.StartedAt);
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Start_ManyAtOnce_RecordOneStart(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var regions = new RedisRegionStore(store.Redis);

        var starts = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => regions.StartAsync("r1")));

        Assert.Single(starts.Select(start => (start.StartedAt, start.Generation)).Distinct());
    }
}
