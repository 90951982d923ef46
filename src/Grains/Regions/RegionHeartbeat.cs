using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.Regions;

/// <summary>One of the other regions.</summary>
internal readonly record struct OtherRegion(string Name, bool IsSilent);

/// <summary>
/// Says once a second that this region is alive, and knows which others are. Every silo of a region does, so a region
/// is silent only when all of them are.
/// </summary>
internal sealed class RegionHeartbeat(
    IGlobalRegionStore store, RegionClock clock, IOptions<RegionOptions> region, IOptions<GlobalRedisOptions> options,
    GlobalStoreHealth health, RegionMetrics metrics, TimeProvider time) : BackgroundService
{
    /// <summary>Not heard for this long, a region was cut off from the global store, or is down.</summary>
    public static readonly TimeSpan SilentAfter = TimeSpan.FromSeconds(3);

    /// <summary>Not heard for this long, a region no longer counts.</summary>
    public static readonly TimeSpan GoneAfter = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private volatile Heard _heard = new([], 0, 0, []);

    private sealed record Heard(
        IReadOnlyList<HeardRegion> All, long ReadAt, int LiveCount, IReadOnlyList<OtherRegion> Others);

    public bool IsConfigured { get; } = !string.IsNullOrEmpty(options.Value.ConnectionString);

    public string Region { get; } = region.Value.Region;

    /// <summary>
    /// How many regions a global limit is divided by: those that live, and never fewer than configured.
    /// </summary>
    public int Count => Math.Max(options.Value.RegionsMin, Math.Max(1, _heard.LiveCount));

    /// <summary>The other regions that live, as of the last heartbeat that was answered.</summary>
    public IReadOnlyList<OtherRegion> Others => _heard.Others;

    /// <summary>Every region that was heard of, this one too, and how long ago that was.</summary>
    public IReadOnlyList<HeardRegion> All
    {
        get
        {
            var heard = _heard;
            var since = time.GetElapsedTime(heard.ReadAt);
            return heard.All.Select(known => known with { HeardAgo = known.HeardAgo + since }).ToList();
        }
    }

    /// <summary>One heartbeat. What is known stays when it fails.</summary>
    public async Task BeatAsync()
    {
        if (!IsConfigured)
        {
            return;
        }

        var all = await store.BeatAsync(Region, clock.StartedAt);
        health.Answered();
        var living = all.Where(known => known.HeardAgo < GoneAfter).ToList();
        var others = living.Where(known => known.Name != Region)
            .Select(known => new OtherRegion(known.Name, known.HeardAgo >= SilentAfter)).ToList();
        _heard = new Heard(all, time.GetTimestamp(), living.Count, others);
        metrics.Heard(living.Count, others.Count(other => other.IsSilent));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!IsConfigured)
        {
            return;
        }

        using var timer = new PeriodicTimer(Period, time);
        do
        {
            try
            {
                await BeatAsync();
            }
#pragma warning disable CA1031 // The next beat tries again; until then what is known stays.
            catch (Exception)
#pragma warning restore CA1031
            {
                health.Failed();
                metrics.BeatFailed();
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
