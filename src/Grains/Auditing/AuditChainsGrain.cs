using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Regions;
using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.Auditing;

/// <summary>
/// Goes through the chains of one region: a silo that was killed leaves entries without a checkpoint, and a chain that
/// nobody uses has to show that it is still the same.
/// </summary>
[GrainType("audit-chains")]
internal sealed partial class AuditChainsGrain(
    IAuditStore store, RegionClock clock, IOptions<AuditOptions> options, AuditMetrics metrics,
    ILogger<AuditChainsGrain> logger) : Grain, IAuditChainsGrain, IRemindable
{
    private const string Sweep = "sweep";
    private const int AtOnce = 8;

    private Task? _sweep;

    /// <summary>What a silo that was killed left unsigned waits so long.</summary>
    private static readonly TimeSpan PeriodMax = TimeSpan.FromMinutes(5);

    /// <summary>Half of the time, so that what is not due at one look is not too old at the next.</summary>
    private TimeSpan DueAfter => options.Value.HeartbeatPeriod / 2;

    private TimeSpan Period => DueAfter < PeriodMax ? DueAfter : PeriodMax;

    public async Task WatchAsync()
    {
        await this.RegisterOrUpdateReminder(Sweep, Period, Period);
        // Behind the callers' backs: every silo that starts asks for it, and it can take its time.
        _ = StartSweep();
    }

    public Task SweepAsync() => StartSweep();

    public Task ReceiveReminder(string reminderName, TickStatus status) => StartSweep();

    private Task StartSweep() => _sweep is { IsCompleted: false } running ? running : _sweep = TrySweepAsync();

    private async Task TrySweepAsync()
    {
        try
        {
            foreach (var tenants in (await store.TenantsAsync()).Chunk(AtOnce))
            {
                await Task.WhenAll(tenants.Select(KeepUpAsync));
            }
        }
#pragma warning disable CA1031 // The next sweep tries again.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            metrics.UpkeepFailed();
            LogSweepFailed("*", failure.Message);
        }
    }

    private async Task KeepUpAsync(string tenant)
    {
        try
        {
            // Only what is due wakes its chain.
            var last = await store.CheckpointAsync(tenant);
            if (last is null || clock.Now - last.SignedAt >= DueAfter || await store.SizeAsync(tenant) > last.Size)
            {
                await GrainFactory.AuditChain(tenant).KeepUpAsync();
            }
        }
#pragma warning disable CA1031 // One chain must not keep the others from being looked at; the next sweep tries again.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            metrics.UpkeepFailed();
            LogSweepFailed(tenant, failure.Message);
        }
    }

    [LoggerMessage(2007, LogLevel.Warning, "The upkeep of tenant {Tenant}'s audit chain failed: {Failure}")]
    private partial void LogSweepFailed(string tenant, string failure);
}
