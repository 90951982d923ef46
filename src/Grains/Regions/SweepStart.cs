using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.Regions;

/// <summary>What an area has to look after in its region, all the time.</summary>
/// <param name="WatchAsync">Begins with it, in the region of that name.</param>
/// <param name="Failed">Counts each time that it could not begin.</param>
internal sealed record RegionSweep(Func<IGrainFactory, string, Task> WatchAsync, Action Failed);

/// <summary>Has every area's part of the region looked after from the start of a silo on.</summary>
internal sealed class SweepStart(
    IEnumerable<RegionSweep> sweeps, IGrainFactory grains, IOptions<RegionOptions> region, TimeProvider time)
    : BackgroundService
{
    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(30);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(sweeps.Select(sweep => BeginAsync(sweep, stoppingToken)));

    private async Task BeginAsync(RegionSweep sweep, CancellationToken stoppingToken)
    {
        while (!await TryAsync(sweep))
        {
            await Task.Delay(AgainAfter, time, stoppingToken);
        }
    }

    private async Task<bool> TryAsync(RegionSweep sweep)
    {
        try
        {
            await sweep.WatchAsync(grains, region.Value.Region);
            return true;
        }
#pragma warning disable CA1031 // The store is away, or the cluster is still forming: tried again until it is done.
        catch (Exception)
#pragma warning restore CA1031
        {
            sweep.Failed();
            return false;
        }
    }
}
