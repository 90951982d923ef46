using Gatehouse.Grains.Abstractions.Regions;

namespace Gatehouse.Grains.Regions;

/// <summary>Asks the region's store for its start, at most once a second for all silos together.</summary>
[GrainType("region")]
internal sealed partial class RegionGrain(IRegionStore store, RegionHeartbeat others, RegionMetrics metrics,
    TimeProvider time, ILogger<RegionGrain> logger) : Grain, IRegionGrain
{
    private static readonly TimeSpan CachedFor = TimeSpan.FromSeconds(1);

    private RegionStart? _start;
    private long _readAt;

    public async Task<RegionAge> GetAsync()
    {
        if (_start is null || time.GetElapsedTime(_readAt) >= CachedFor)
        {
            await ReadAsync();
        }

        return new RegionAge
        {
            Region = this.GetPrimaryKeyString(),
            StartedAt = _start?.StartedAt,
            Generation = _start?.Generation,
            StoreTime = _start is null ? time.GetUtcNow() : _start.StoreTime + time.GetElapsedTime(_readAt),
        };
    }

    public async Task<IReadOnlyList<RegionAge>> ListAsync()
    {
        var own = await GetAsync();
        var known = others.All.Where(region => region.Name != own.Region).Select(region => new RegionAge
        {
            Region = region.Name,
            StartedAt = region.StartedAt,
            HeardAgo = region.HeardAgo,
            StoreTime = own.StoreTime,
        });
        return [own, .. known];
    }

    private async Task ReadAsync()
    {
        try
        {
            var read = await store.StartAsync(this.GetPrimaryKeyString());
            if (_start is { } known && known.Generation != read.Generation)
            {
                LogNewGeneration(known.Generation, read.Generation);
            }

            (_start, _readAt) = (read, time.GetTimestamp());
        }
#pragma warning disable CA1031 // Any failure means the same: the age stays as known, and unknown counts as cold.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            metrics.ReadFailed();
            LogReadFailed(failure);
        }
    }

    [LoggerMessage(1101, LogLevel.Warning,
        "The region's store is another one than before ({Before} is now {After}): the region is young again")]
    private partial void LogNewGeneration(string before, string after);

    [LoggerMessage(1102, LogLevel.Warning,
        "The region's store did not answer; its age stays as known, and unknown counts as cold")]
    private partial void LogReadFailed(Exception failure);
}
