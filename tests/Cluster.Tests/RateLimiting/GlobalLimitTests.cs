using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Tenants;
using Microsoft.Extensions.Time.Testing;

namespace Gatehouse.Cluster.Tests.RateLimiting;

/// <summary>Several regions, each a cluster of its own, and one store that all of them reach.</summary>
public class GlobalLimitTests
{
    private static readonly RateLimitPolicy Global = RateLimitPolicy.BuiltIn with
    {
        ColdStart = new ColdStart { Duration = TimeSpan.Zero },
        Global = new GlobalLimit { Mode = GlobalMode.Eventual, Multiplier = 2 },
    };

    [Fact]
    public async Task Check_TwoRegions_NeitherIsHeldBackAndNothingIsExchanged()
    {
        await using var world = await World.StartAsync(Global, "eu", "us");

        Assert.Equal((100, 100), (await world.AdmittedAsync("eu", 150), await world.AdmittedAsync("us", 150)));
        Assert.Equal(0, world.Store.Exchanges);
    }

    [Fact]
    public async Task Check_ThreeRegionsInTurn_AdmitTheGlobalLimitTogether()
    {
        await using var world = await World.StartAsync(Global, "eu", "us", "ap");

        Assert.Equal(100, await world.AdmittedAsync("eu", 150));
        await world.ExchangeAsync("eu");
        Assert.Equal(50, await world.AdmittedAsync("us", 150));

        var refused = await world.CheckAsync("us");
        Assert.Equal((false, RateLimitReason.OverGlobalLimit), (refused.Allowed, refused.Reason));
        Assert.Equal((0, false), (refused.Remaining, refused.Degraded));
        // What a region may use silently is its own, whatever the others do.
        Assert.Equal(50, await world.AdmittedAsync("ap", 150));
    }

    [Fact]
    public async Task Check_CutOffFromTheGlobalStore_IsHeldToItsShareAndSaysSo()
    {
        await using var world = await World.StartAsync(Global, "eu", "us", "ap");
        world.Store.CutOff("eu");

        Assert.Equal(66, await world.AdmittedAsync("eu", 150));
        Assert.True((await world.CheckAsync("eu")).Degraded);

        world.Store.Reconnect("eu");
        await world.PassAsync(TimeSpan.FromSeconds(2));
        await world.CheckAsync("eu");
        var after = await world.CheckAsync("eu");
        Assert.Equal((true, false), (after.Allowed, after.Degraded));
    }

    [Fact]
    public async Task Check_GlobalStoreFlushed_IsToldAgainWhatWasUsed()
    {
        await using var world = await World.StartAsync(Global, "eu", "us", "ap");
        Assert.Equal(100, await world.AdmittedAsync("eu", 150));
        await world.ExchangeAsync("eu");
        world.Store.Flush();
        await world.ExchangeAsync("eu");
        await world.ExchangeAsync("eu");

        Assert.Equal(50, await world.AdmittedAsync("us", 150));
    }

    [Fact]
    public async Task Check_YoungRegion_HasTheLowerOfColdAndGlobalLimit()
    {
        var cold = Global with { ColdStart = new ColdStart { Duration = TimeSpan.FromMinutes(5), Factor = 0.8m } };
        await using var world = await World.StartAsync(cold, "eu", "us", "ap");

        Assert.Equal(80, await world.AdmittedAsync("eu", 150));
        await world.ExchangeAsync("eu");
        Assert.Equal(70, await world.AdmittedAsync("us", 150));
    }

    [Fact]
    public async Task Regions_ThatAreSilentOrGone_AreListedAndDividedByAsConfigured()
    {
        await using var world = await World.StartAsync(Global, "eu", "us");
        world.Store.CutOff("us");
        await world.PassAsync(TimeSpan.FromMinutes(2));

        var listed = await world["eu"].Grains.Region("eu").ListAsync();
        Assert.Equal(["eu", "us"], listed.Select(region => region.Region).Order());
        Assert.Equal(TimeSpan.FromMinutes(2), listed.Single(region => region.Region == "us").HeardAgo);
        Assert.Equal(2, world["eu"].Service<Grains.Regions.RegionHeartbeat>().Count);
    }

    /// <summary>Regions in one fake time, each knowing the others.</summary>
    private sealed class World(FakeTimeProvider time) : IAsyncDisposable
    {
        private readonly Dictionary<string, GatehouseCluster> _regions = [];
        private readonly string _tenant = GatehouseCluster.NewName();
        private RateLimitPolicy _policy = Global;

        public FakeGlobalStore Store { get; } = new(time);

        public GatehouseCluster this[string region] => _regions[region];

        public static async Task<World> StartAsync(RateLimitPolicy policy, params string[] regions)
        {
            var world = new World(new FakeTimeProvider(new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero)));
            world._policy = policy;
            foreach (var region in regions)
            {
                world._regions[region] = await GatehouseCluster.StartRegionAsync(
                    region, world.Store, time: world.Time, regionsMin: regions.Length);
                await world._regions[region].Grains.Tenant(world._tenant).PutAsync(Precondition.Unconditional);
                await world._regions[region].PutPolicyAsync(world._tenant, policy);
            }

            await world.PassAsync(TimeSpan.Zero);
            return world;
        }

        private FakeTimeProvider Time { get; } = time;

        private RateLimitKey Key => new(_tenant, "p", SubjectKind.Address, "203.0.113.7");

        public ValueTask<RateLimitDecision> CheckAsync(string region) => _regions[region].CheckAsync(Key);

        public Task<int> AdmittedAsync(string region, int calls) => _regions[region].AdmittedAsync(Key, calls);

        /// <summary>Lets one interval pass, and one call make the region exchange its counts.</summary>
        public async Task ExchangeAsync(string region)
        {
            await PassAsync(TimeSpan.FromMilliseconds(250));
            await _regions[region].Grains.RateLimit(Key).RefundAsync(1);
            Assert.True((await CheckAsync(region)).Allowed);
        }

        public async Task PassAsync(TimeSpan passed)
        {
            Time.Advance(passed);
            foreach (var region in _regions.Values)
            {
                await region.RefreshAsync();
                await region.BeatAsync();
            }
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var region in _regions.Values)
            {
                await region.DisposeAsync();
            }
        }
    }
}
