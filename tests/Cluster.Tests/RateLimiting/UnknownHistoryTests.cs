using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.Cluster.Tests.RateLimiting;

/// <summary>What cannot be known is reduced, refused or admitted as the policy says; never silently fresh.</summary>
public class UnknownHistoryTests
{
    private static readonly RateLimitPolicy Warm = RateLimitPolicy.BuiltIn with
    {
        ColdStart = new ColdStart { Duration = TimeSpan.Zero },
    };

    [Fact]
    public async Task Check_StoreDownAndReduced_IsColdForOneWindow()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var key = await cluster.SubjectAsync(Warm);
        cluster.Counts.IsDown = true;

        Assert.Equal(50, await cluster.AdmittedAsync(key, 200));
        Assert.True((await cluster.CheckAsync(key)).Degraded);

        cluster.Time.Advance(TimeSpan.FromSeconds(60));
        var later = await cluster.CheckAsync(key, cost: 0);
        Assert.False(later.Degraded);
        Assert.Equal(100, later.EffectiveLimit);
    }

    [Fact]
    public async Task Check_StoreDownAndDeny_IsRefusedUntilTheStoreIsBack()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var key = await cluster.SubjectAsync(Warm with { OnStoreFailure = StoreFailureMode.Deny });
        cluster.Counts.IsDown = true;

        Assert.Equal(RateLimitReason.StoreUnavailable, (await cluster.CheckAsync(key)).Reason);

        cluster.Counts.IsDown = false;
        await cluster.ForgetAsync(key);
        Assert.True((await cluster.CheckAsync(key)).Allowed);
    }

    [Fact]
    public async Task Check_StoreDownAndAllow_AdmitsTheFullLimitAndSaysDegraded()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var key = await cluster.SubjectAsync(Warm with { OnStoreFailure = StoreFailureMode.Allow });
        cluster.Counts.IsDown = true;

        Assert.Equal(100, await cluster.AdmittedAsync(key, 200));
        Assert.True((await cluster.CheckAsync(key)).Degraded);
    }
}
