using System.Diagnostics.Metrics;
using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.RateLimiting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Gatehouse.Chaos.Tests.RateLimiting;

/// <summary>Stored counts, on both kinds of store.</summary>
public class RateLimitStoreTests
{
    private static readonly Quota Quota = new(RateLimitAlgorithm.SlidingWindow, 100, 50, 60_000, 0);

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Counts_AreKeptWithATimeToLive_AndDeleted(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        await using var services = Services();
        var counts = Counts(store, services);
        var (state, _) = RateLimiter.Acquire(RateLimitState.Empty, Quota, 7, 1_769_860_800_000);
        Assert.Equal(0, RateLimiter.DrainedAtMs(await counts.LoadAsync("t/p/s/x"), Quota));

        await counts.SaveAsync("t/p/s/x", state, TimeSpan.FromMinutes(1));

        var loaded = RateLimitSnapshot.From(await counts.LoadAsync("t/p/s/x")).Serialize();
        Assert.Equal(RateLimitSnapshot.From(state).Serialize(), loaded);
        var timeToLive = await store.Redis.Database.KeyTimeToLiveAsync("gatehouse:rl:t/p/s/x");
        Assert.InRange(timeToLive!.Value, TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(1));
        await counts.DeleteAsync("t/p/s/x");
        Assert.False(await store.Redis.Database.KeyExistsAsync("gatehouse:rl:t/p/s/x"));
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Counts_ThatCannotBeRead_AreAnUnknownHistoryAndNotAFreshOne(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        await using var services = Services();
        await store.Redis.Database.StringSetAsync("gatehouse:rl:t/p/s/x", "garbage");

        await Assert.ThrowsAsync<InvalidDataException>(() => Counts(store, services).LoadAsync("t/p/s/x"));
    }

    private static ServiceProvider Services() => new ServiceCollection().AddMetrics().BuildServiceProvider();

    private static RedisRateLimitStore Counts(Store store, ServiceProvider services) => new(
        store.Redis,
        new RateLimitingMetrics(
            services.GetRequiredService<IMeterFactory>(), new TrackedSubjects(Options.Create(new RateLimitingOptions()))));
}
