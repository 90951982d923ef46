using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Regions;
using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.Auditing;

/// <summary>Has the region's chains looked after from the start of a silo on.</summary>
internal sealed class AuditSweepStart(
    IGrainFactory grains, IOptions<RegionOptions> region, AuditMetrics metrics, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!await TryAsync())
        {
            await Task.Delay(AgainAfter, time, stoppingToken);
        }
    }

    private async Task<bool> TryAsync()
    {
        try
        {
            await grains.AuditChains(region.Value.Region).WatchAsync();
            return true;
        }
#pragma warning disable CA1031 // The store is away, or the cluster is still forming: tried again until it is done.
        catch (Exception)
#pragma warning restore CA1031
        {
            metrics.UpkeepFailed();
            return false;
        }
    }
}
