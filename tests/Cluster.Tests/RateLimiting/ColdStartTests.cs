using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.Cluster.Tests.RateLimiting;

/// <summary>A young region admits less, and only a lost store makes a region young.</summary>
public class ColdStartTests
{
    private static readonly TimeSpan Cold = TimeSpan.FromMinutes(5);

    [Theory]
    [InlineData(RateLimitAlgorithm.SlidingWindow)]
    [InlineData(RateLimitAlgorithm.TokenBucket)]
    [InlineData(RateLimitAlgorithm.FixedWindow)]
    public async Task Check_500AtOnceInAColdRegion_AdmitsHalfAndThenAll(RateLimitAlgorithm algorithm)
    {
        await using var cluster = await GatehouseCluster.StartAsync();
        var key = await cluster.SubjectAsync(RateLimitPolicy.BuiltIn with { Algorithm = algorithm });

        Assert.Equal(50, await cluster.AdmittedAsync(key, 500));

        await cluster.AdvanceAsync(Cold);
        Assert.Equal(100, await cluster.AdmittedAsync(key, 500));
    }

    [Fact]
    public async Task Check_AllSilosRestarted_TheRegionIsAsOldAsBefore()
    {
        await using var cluster = await GatehouseCluster.StartAsync();
        var key = await cluster.SubjectAsync(RateLimitPolicy.BuiltIn);
        await cluster.AdvanceAsync(Cold);

        await cluster.RestartAllAsync();

        Assert.Equal(100, await cluster.AdmittedAsync(key, 500));
    }

    [Fact]
    public async Task Check_StoreFlushed_TheRegionIsYoungAndTheCountersStay()
    {
        await using var cluster = await GatehouseCluster.StartAsync();
        var key = await cluster.SubjectAsync(RateLimitPolicy.BuiltIn);
        await cluster.AdvanceAsync(Cold);
        Assert.Equal(40, await cluster.AdmittedAsync(key, 40));

        cluster.Regions.Flush();
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(2));

        Assert.Equal(10, await cluster.AdmittedAsync(key, 500));
    }

    [Fact]
    public async Task Check_AgeOfTheRegionUnknown_IsCold()
    {
        await using var cluster = await GatehouseCluster.StartAsync(regionStoreIsDown: true);
        var key = await cluster.SubjectAsync(RateLimitPolicy.BuiltIn);

        var decision = await cluster.CheckAsync(key);

        Assert.True(decision.Cold);
        Assert.Equal(50, decision.EffectiveLimit);
    }

    [Fact]
    public async Task Check_PolicyWithItsOwnColdStart_ObeysIt()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var none = RateLimitPolicy.BuiltIn with { ColdStart = new ColdStart { Duration = TimeSpan.Zero } };
        var tenth = RateLimitPolicy.BuiltIn with { ColdStart = new ColdStart { Factor = 0.1m } };

        Assert.Equal(100, await cluster.AdmittedAsync(await cluster.SubjectAsync(none), 200));
        Assert.Equal(10, await cluster.AdmittedAsync(await cluster.SubjectAsync(tenth), 200));
    }
}
