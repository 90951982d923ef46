using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Grains.RateLimiting.Ceilings;
using Gatehouse.Grains.RateLimiting.Global;
using Gatehouse.Grains.Regions;
using Gatehouse.Grains.Resilience;
using Gatehouse.Grains.Storage;

namespace Gatehouse.Chaos.Tests.RateLimiting;

/// <summary>The scripts of the global store, on a real Redis.</summary>
public class GlobalStoreTests
{
    [Fact]
    public async Task Exchange_OfTwoRegions_OnlyGrowsAndLeavesOutWhatNoLongerCounts()
    {
        await using var redis = await RedisServer.StartGlobalAsync();
        await using var connection = NewConnection(redis);
        var store = new RedisGlobalCountStore(connection);

        await store.ExchangeAsync("t/p/s/x", "eu", Counts(oldest: 100, (100, 5), (101, 7)));
        await store.ExchangeAsync("t/p/s/x", "us", Counts(oldest: 100, (101, 1)));
        var grown = await store.ExchangeAsync("t/p/s/x", "eu", Counts(oldest: 100, (101, 6), (102, 2)));
        Assert.Equal(new Dictionary<string, long> { ["eu"] = 14, ["us"] = 1 }, grown);

        var later = await store.ExchangeAsync("t/p/s/x", "eu", Counts(oldest: 102));
        Assert.Equal(new Dictionary<string, long> { ["eu"] = 2 }, later);
        Assert.Empty(await store.ExchangeAsync("t/p/s/y", "eu", Counts(oldest: 100)));
    }

    [Fact]
    public async Task Beat_OfTwoRegions_TellsBothAndForgetsWhatIsSilentForADay()
    {
        await using var redis = await RedisServer.StartGlobalAsync();
        await using var connection = NewConnection(redis);
        var store = new RedisGlobalRegionStore(connection);
        var database = (await redis.ConnectAsync()).GetDatabase();
        await database.HashSetAsync("gatehouse:regions", "old", "1000000000000:0");
        var startedAt = DateTimeOffset.FromUnixTimeMilliseconds(1_769_860_800_000);

        await store.BeatAsync("eu", startedAt);
        var heard = await store.BeatAsync("us", null);

        Assert.Equal(["eu", "us"], heard.Select(region => region.Name).Order());
        Assert.Equal(startedAt, heard.Single(region => region.Name == "eu").StartedAt);
        Assert.All(heard, region => Assert.InRange(region.HeardAgo, TimeSpan.Zero, TimeSpan.FromSeconds(30)));
        Assert.False(await database.HashExistsAsync("gatehouse:regions", "old"));
    }

    private static GlobalRedisConnection NewConnection(RedisServer redis) =>
        new(redis.ConnectionStringOf("gatehouse-global"), Guards.New(GuardedStores.Global), Guards.Metrics);

    private static GlobalCounts Counts(long oldest, params (long Bucket, long Count)[] grown) => new()
    {
        WindowMs = 60_000,
        Oldest = oldest,
        Grown = grown.Select(entry => new BucketCount(entry.Bucket, entry.Count)).ToList(),
    };
}
