using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.RateLimiting.Ceilings;
using Gatehouse.Grains.Regions;
using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.RateLimiting.Global;

/// <summary>What every subject's exchange with other regions needs, once per silo.</summary>
internal sealed record GlobalServices(
    IGlobalCountStore Store, RegionHeartbeat Regions, GlobalStoreHealth Health, CeilingMetrics Metrics,
    IOptions<GlobalRedisOptions> Options, TimeProvider Time);

/// <summary>
/// Exchanges the counts of one subject with the other regions, while its use is above what a region may use silently.
/// Lives on its grain's scheduler, so nothing here is locked.
/// </summary>
internal sealed class GlobalKeeper(string key, GlobalServices services)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private IReadOnlyDictionary<string, long>? _told;
    private BucketCounts _published;
    private long _publishedWindowMs;
    private long _publishedNewest;
    private long _readAt;
    private long _triedAt;
    private Task? _syncing;
    private (object? Told, object? Others, GlobalShare Share, long Room) _room;

    private TimeSpan Interval => services.Options.Value.SyncInterval;

    /// <summary>Without the global store a region keeps to its fair share, and its answers say so.</summary>
    public bool IsCutOff => !services.Regions.IsConfigured || services.Health.IsStalled;

    /// <summary>What this region may use in one window, as far as that is known now.</summary>
    public GlobalRoom Room(in Quota quota, GlobalLimit limit)
    {
        var share = GlobalShare.Of(quota.Limit, limit.Multiplier, services.Regions.Count);
        if (IsCutOff)
        {
            return new GlobalRoom(share.Free, Math.Max(share.Free, share.Fair));
        }

        // What was told counts until the next answer has had as long again to come.
        return _told is null || services.Time.GetElapsedTime(_readAt) > 2 * Interval
            ? new GlobalRoom(share.Free, null)
            : new GlobalRoom(share.Free, RoomBeside(share));
    }

    /// <summary>After an admission: exchanges counts behind the caller's back when it is time to.</summary>
    public void Admitted(in Ceiling ceiling, in GlobalRoom room, long limit)
    {
        if (!services.Regions.IsConfigured || _syncing is not null
            || services.Time.GetElapsedTime(_triedAt) < (services.Health.IsStalled ? RetryDelay : Interval))
        {
            return;
        }

        // A region that may use its whole limit silently has nothing to tell.
        if (room.Free < limit && BucketCounts.Sum(ceiling.Counted) + Ceiling.Chunk(limit) > room.Free)
        {
            Sync(ceiling);
        }
    }

    /// <summary>
    /// Waits for the others' counts, one interval at most: another region may be far. False when they stay unknown.
    /// </summary>
    public async Task<bool> WaitAsync(Ceiling ceiling)
    {
        try
        {
            Sync(ceiling);
            await (_syncing ?? Task.CompletedTask).WaitAsync(Interval, services.Time);
            return !services.Health.IsStalled;
        }
        catch (TimeoutException)
        {
            services.Health.Failed();
            services.Metrics.Synced("timed_out");
            return false;
        }
    }

    /// <summary>Worked out once for what was told, not once a call.</summary>
    private long RoomBeside(in GlobalShare share)
    {
        var others = services.Regions.Others;
        if (!ReferenceEquals(_room.Told, _told) || !ReferenceEquals(_room.Others, others) || _room.Share != share)
        {
            var told = others.Select(region => (_told!.GetValueOrDefault(region.Name), region.IsSilent)).ToList();
            _room = (_told, others, share, share.RoomBeside(told, services.Regions.Count));
        }

        return _room.Room;
    }

    private void Sync(in Ceiling ceiling)
    {
        if (_syncing is not null)
        {
            return;
        }

        _triedAt = services.Time.GetTimestamp();
        var syncing = ExchangeAsync(ceiling);
        _syncing = syncing.IsCompleted ? null : syncing;
    }

    private async Task ExchangeAsync(Ceiling ceiling)
    {
        var (counted, asked) = (ceiling.Counted, services.Time.GetTimestamp());
        try
        {
            var counts = Grown(ceiling, counted);
            var told = await services.Store.ExchangeAsync(key, services.Regions.Region, counts);
            // Counted from when it was asked for: what was told is at least as new.
            (_told, _readAt, _syncing) = (told, asked, null);
            // Less than was published: the store lost it, so all of it is published again.
            var isKept = told.GetValueOrDefault(services.Regions.Region) >= BucketCounts.Sum(_published);
            _published = isKept ? counted : default;
            (_publishedWindowMs, _publishedNewest) = (ceiling.WindowMs, ceiling.Newest);
            services.Health.Answered();
            services.Metrics.Synced("acknowledged");
        }
#pragma warning disable CA1031 // Whatever failed, the region keeps to its share until the store answers again.
        catch (Exception)
#pragma warning restore CA1031
        {
            _syncing = null;
            services.Health.Failed();
            services.Metrics.Synced("failed");
        }
    }

    private GlobalCounts Grown(in Ceiling ceiling, in BucketCounts counted)
    {
        _published = _publishedWindowMs != ceiling.WindowMs
            ? default
            : BucketCounts.Advance(_published, _publishedNewest, ceiling.Newest);
        (_publishedWindowMs, _publishedNewest) = (ceiling.WindowMs, ceiling.Newest);
        var grown = new List<BucketCount>();
        var oldest = BucketCounts.Oldest(ceiling.Newest);
        for (var bucket = oldest; bucket <= BucketCounts.Last(ceiling.Newest); bucket++)
        {
            var slot = BucketCounts.Slot(bucket);
            if (counted[slot] > _published[slot])
            {
                grown.Add(new BucketCount(bucket, counted[slot]));
            }
        }

        // One bucket more than counts here, because the clocks of two regions are not quite the same.
        return new GlobalCounts { WindowMs = ceiling.WindowMs, Oldest = oldest - 1, Grown = grown };
    }
}
