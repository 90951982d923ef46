using System.Diagnostics.Metrics;
using System.Globalization;
using Gatehouse.Grains.RateLimiting;
using Gatehouse.Grains.RateLimiting.Ceilings;
using Gatehouse.Grains.RateLimiting.Global;
using Gatehouse.Grains.Regions;
using Gatehouse.Grains.Resilience;
using Gatehouse.Grains.Storage;
using Microsoft.Extensions.Options;

namespace Gatehouse.Benchmarks.Scale;

/// <summary>One region: the product's own clock, heartbeat and health of stores, shared by its subjects.</summary>
internal sealed class RegionModel : IDisposable
{
    // Clocks may differ by a thirtieth of the window, so each may be off by half of that.
    private static readonly TimeSpan SkewMax = ScaleCase.Window / 60;
    private static readonly TimeSpan LocalRoundTrip = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan BeatPeriod = TimeSpan.FromSeconds(1);
    private static readonly CeilingMetrics Metrics = new(new Meters());
    private static readonly RegionMetrics OwnMetrics = new(new Meters());

    private readonly VirtualTime _time;
    private readonly RegionHeartbeat _heartbeat;
    private readonly CeilingServices _ceilings;
    private readonly GlobalServices _global;
    private readonly TimeSpan _globalRoundTrip;
    private readonly Random _random;
    private readonly Network _network;

    public RegionModel(int index, ScaleCase scaleCase, VirtualTime time, Network network, Random random)
    {
        (Index, Name, _time, _network, _random) = (index, NameOf(index), time, network, random);
        _globalRoundTrip = TimeSpan.FromMilliseconds(random.Next(10, 81));
        var own = new RegionTime(time, SkewMax * ((2 * random.NextDouble()) - 1));
        var options = Options.Create(new GlobalRedisOptions
        {
            ConnectionString = scaleCase.IsRegional ? null : "modelled",
            RegionsMin = scaleCase.KnowsOthers ? ScaleCase.Regions : 1,
            SyncInterval = scaleCase.SyncInterval,
        });
        // Never refreshed, it goes by the region's own clock.
        Clock = new RegionClock(null!, null!, Options.Create(new RegionOptions()), OwnMetrics, own);
        var health = new GlobalStoreHealth();
        var beats = new Beats(this, Enumerable.Range(0, scaleCase.KnowsOthers ? ScaleCase.Regions : 1)
            .Select(other => new HeardRegion(NameOf(scaleCase.KnowsOthers ? other : index), null, TimeSpan.Zero)).ToList());
        _heartbeat = new RegionHeartbeat(
            beats, Clock, Options.Create(new RegionOptions { Region = Name }), options, health, OwnMetrics, own);
        _ceilings = new CeilingServices(
            null!, new StoreHealth(), Clock, Metrics, new SubjectDeparture(), Options.Create(new RateLimitingOptions()), own,
            new Standstill(own));
        _global = new GlobalServices(null!, _heartbeat, health, Metrics, options, own);
    }

    public int Index { get; }

    public string Name { get; }

    public RegionClock Clock { get; }

    /// <summary>What one activation works with; the links end with it.</summary>
    public (CeilingServices Ceilings, GlobalServices Global) Connect(SubjectLinks links)
    {
        var time = new SiloTime(_global.Time, links.Run);
        return (_ceilings with { Store = links, Time = time }, _global with { Store = links, Time = time });
    }

    public Task<T> SendAsync<T>(bool isGlobal, Func<T> act)
    {
        // Up to a quarter more than the distance takes.
        var roundTrip = isGlobal ? _globalRoundTrip : LocalRoundTrip;
        return _network.SendAsync(roundTrip * (1 + (_random.NextDouble() / 4)), act);
    }

    /// <summary>The heartbeat of a process that runs for ever, as its own loop does it.</summary>
    public void StartBeating() => _time.In(0, async () => await BeatAsync());

    private async Task BeatAsync()
    {
        _time.In(BeatPeriod.Ticks, async () => await BeatAsync());
        try
        {
            await _heartbeat.BeatAsync();
        }
        catch (TimeoutException)
        {
            _global.Health.Failed();
        }
    }

    public void Dispose()
    {
        _heartbeat.Dispose();
        Clock.Dispose();
    }

    private static string NameOf(int index) => index.ToString("r00", CultureInfo.InvariantCulture);

    private sealed class Beats(RegionModel region, IReadOnlyList<HeardRegion> heard) : IGlobalRegionStore
    {
        public Task<IReadOnlyList<HeardRegion>> BeatAsync(string name, DateTimeOffset? startedAt) =>
            region.SendAsync(isGlobal: true, () => heard);
    }

    private sealed class Meters : IMeterFactory
    {
        public Meter Create(MeterOptions options) => new(options);

        public void Dispose()
        {
        }
    }
}
