using Gatehouse.Benchmarks.Scale;
using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions.Changes;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Regions;
using Gatehouse.Grains.Abstractions.Tenants;
using Gatehouse.Grains.RateLimiting;
using Gatehouse.Grains.RateLimiting.Ceilings;
using Gatehouse.Grains.Regions;
using Gatehouse.Grains.Resilience;
using Gatehouse.Grains.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.Tests.Simulation.Worlds;

/// <summary>What the activations of one silo share: the product's own clock, directory and services.</summary>
internal sealed class RateSilo : IDisposable
{
    private static readonly TimeSpan RefreshPeriod = TimeSpan.FromSeconds(1);

    private readonly VirtualTime _time;
    private readonly CeilingServices _ceilings;
    private readonly TenantDirectory _tenants;
    private readonly TrackedSubjects _tracked;
    private readonly RateLimitingMetrics _metrics;
    private readonly IOptions<RateLimitingOptions> _options = Options.Create(new RateLimitingOptions());

    public RateSilo(
        SimulatedSilo silo, VirtualTime time, ICeilingStore store, FakeRegionStore region, TenantSnapshot tenant,
        SimulatedMeters meters, Standstill standstill)
    {
        (Silo, _time) = (silo, time);
        Clock = new RegionClock(Grains(region, tenant), region, Options.Create(new RegionOptions()),
            new RegionMetrics(meters), silo.Time);
        _tracked = new TrackedSubjects(_options);
        _metrics = new RateLimitingMetrics(meters, _tracked, silo.Time);
        _tenants = new TenantDirectory(Grains(region, tenant), silo.Time);
        _tenants.Publish(tenant);
        _ceilings = new CeilingServices(
            store, new StoreHealth(), Clock, new CeilingMetrics(meters), new SubjectDeparture(), _options, silo.Time,
            standstill);
    }

    public SimulatedSilo Silo { get; }

    public RegionClock Clock { get; }

    /// <summary>
    /// A silo sets its clock by the store before it serves, and asks again every second; that may not get lost here:
    /// what a clock that is off costs is another matter than what the counts promise.
    /// </summary>
    public async Task StartAsync()
    {
        await Clock.StartingAsync(CancellationToken.None);
        _time.In(RefreshPeriod.Ticks, RefreshAsync);
    }

    public RateLimitGrain Activate(GrainHost host) => host.Activate(() => new RateLimitGrain(
        _tenants, Clock, _ceilings, null!, _tracked, StandIn.Of<IChangeAnnouncer>((_, _) => Task.CompletedTask), _metrics,
        _options, Silo.Time, NullLogger<RateLimitGrain>.Instance));

    public void Dispose() => Clock.Dispose();

    /// <summary>A tenant with that policy.</summary>
    public static TenantSnapshot TenantOf(RateLimitPolicy policy) => new()
    {
        Tenant = "t",
        Version = "1",
        ETag = "1",
        Status = TenantStatus.Active,
        Source = DeclarationSource.Api,
        ApiKeys = new Dictionary<string, ApiKeyRecord>(),
        Policies = new Dictionary<string, PolicyEntry>
        {
            ["default"] = new() { Policy = policy, Source = DeclarationSource.Api, ETag = "1" },
        },
    };

    private async void RefreshAsync()
    {
        if (!Silo.HasCrashed)
        {
            await Clock.RefreshAsync();
            _time.In(RefreshPeriod.Ticks, RefreshAsync);
        }
    }

    /// <summary>The two grains that a silo asks: the region's, and the tenant's, which never changes.</summary>
    private static IGrainFactory Grains(FakeRegionStore region, TenantSnapshot tenant)
    {
        var regions = StandIn.Of<IRegionGrain>((_, _) => AgeAsync(region));
        var tenants = StandIn.Of<ITenantGrain>((_, _) => Task.FromResult<TenantSnapshot?>(tenant));
        return StandIn.Of<IGrainFactory>((method, _) =>
            method.GetGenericArguments()[0] == typeof(IRegionGrain) ? regions : tenants);
    }

    private static async Task<RegionAge> AgeAsync(FakeRegionStore region)
    {
        var start = await region.StartAsync("r");
        return new RegionAge
        {
            Region = "r",
            StartedAt = start.StartedAt,
            Generation = start.Generation,
            StoreTime = start.StoreTime,
        };
    }
}
