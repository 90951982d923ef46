using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Resilience;

namespace Gatehouse.Cluster.Tests.RateLimiting;

/// <summary>One counter, through the client and all silos.</summary>
public class CounterTests
{
    private static readonly RateLimitPolicy Warm = RateLimitPolicy.BuiltIn with
    {
        ColdStart = new ColdStart { Duration = TimeSpan.Zero },
    };

    public static TheoryData<RateLimitAlgorithm> Algorithms { get; } =
        [RateLimitAlgorithm.SlidingWindow, RateLimitAlgorithm.TokenBucket, RateLimitAlgorithm.FixedWindow];

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task Check_200CallersAtOnce_AdmitsExactlyTheLimit(RateLimitAlgorithm algorithm)
    {
        await using var cluster = await GatehouseCluster.StartAsync();
        var key = await cluster.SubjectAsync(Warm with { Algorithm = algorithm });

        Assert.Equal(100, await cluster.AdmittedAsync(key, 200));
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task Check_RefusedCall_IsAdmittedAtRetryAfterAndNotAMillisecondEarlier(RateLimitAlgorithm algorithm)
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var key = await cluster.SubjectAsync(Warm with { Algorithm = algorithm, Limit = 7, Window = TimeSpan.FromSeconds(11) });
        await cluster.AdmittedAsync(key, 7);
        var refused = await cluster.CheckAsync(key);

        cluster.Time.Advance(refused.RetryAfter!.Value - TimeSpan.FromMilliseconds(1));
        Assert.False((await cluster.CheckAsync(key)).Allowed);
        cluster.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True((await cluster.CheckAsync(key)).Allowed);
    }

    [Fact]
    public async Task Counter_FoundTheShortWay_IsTheOneThatOrleansFinds()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        foreach (var subject in new[] { "first", "second", "ü/x" })
        {
            var key = new RateLimitKey("acme", "p", SubjectKind.Opaque, subject);

            var found = cluster.Grains.GetGrain<IRateLimitGrain>(key.ToString());

            Assert.Equal(found, cluster.Grains.RateLimit(key));
            Assert.Equal(key.ToString(), cluster.Grains.RateLimit(key).GetPrimaryKeyString());
        }
    }

    [Fact]
    public async Task Check_PolicyChangedLive_KeepsTheCounters()
    {
        await using var cluster = await GatehouseCluster.StartAsync();
        var key = await cluster.SubjectAsync(Warm);
        await cluster.AdmittedAsync(key, 60);

        await cluster.PutPolicyAsync(key.Tenant, Warm with { Limit = 50 });
        Assert.Equal(0, (await cluster.CheckAsync(key, cost: 0)).Remaining);

        await cluster.PutPolicyAsync(key.Tenant, Warm with { Limit = 100, Algorithm = RateLimitAlgorithm.TokenBucket });
        Assert.Equal(40, (await cluster.CheckAsync(key, cost: 0)).Remaining);

        await cluster.PutPolicyAsync(key.Tenant, Warm with { Limit = 200 });
        Assert.Equal(140, (await cluster.CheckAsync(key, cost: 0)).Remaining);
    }

    [Fact]
    public async Task Check_ShadowMode_AdmitsAndSaysWhatItWouldHaveDone()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var key = await cluster.SubjectAsync(Warm with { Limit = 1, Mode = EnforcementMode.Shadow });
        await cluster.CheckAsync(key);

        var decision = await cluster.CheckAsync(key);

        Assert.True(decision.Allowed);
        Assert.Equal(RateLimitReason.OverLimit, decision.Reason);
    }

    [Fact]
    public async Task RefundAndReset_GiveBack_PeekCountsNothing()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var key = await cluster.SubjectAsync(Warm);
        await cluster.CheckAsync(key, cost: 90);

        Assert.Equal(10, (await cluster.CheckAsync(key, cost: 0)).Remaining);
        Assert.Equal(40, (await cluster.Grains.RateLimit(key).RefundAsync(30)).Remaining);
        Assert.Equal(100, (await cluster.Grains.RateLimit(key).ResetAsync()).Remaining);
    }

    [Fact]
    public async Task Reset_StoreDown_ChangesNothingAndSaysSo()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var key = await cluster.SubjectAsync(Warm);
        await cluster.CheckAsync(key, cost: 90);
        cluster.Counts.IsDown = true;

        var refused = await Assert.ThrowsAsync<ServiceOverloadedException>(
            () => cluster.Grains.RateLimit(key).ResetAsync().AsTask());

        Assert.Equal(Applied.Unknown, refused.Applied);
        Assert.Equal("store_unavailable", refused.Reason);
        Assert.Equal(10, (await cluster.CheckAsync(key, cost: 0)).Remaining);
    }

    [Fact]
    public async Task Check_PolicyOrTenantGone_IsUnknownPolicy()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var key = await cluster.SubjectAsync(Warm);

        var other = await cluster.CheckAsync(key with { Policy = "other" });
        var stranger = await cluster.CheckAsync(key with { Tenant = "stranger" });

        Assert.Equal(RateLimitReason.UnknownPolicy, other.Reason);
        Assert.Equal(RateLimitReason.UnknownPolicy, stranger.Reason);
        Assert.False(other.Allowed || stranger.Allowed);
    }
}
