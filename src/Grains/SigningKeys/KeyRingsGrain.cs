using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.Regions;
using Gatehouse.Grains.SigningKeys.Envelopes;
using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.SigningKeys;

/// <summary>
/// Goes through the rings of one region, one after the other: to re-wrap them, and for what is due by time.
/// </summary>
[GrainType("key-rings")]
internal sealed partial class KeyRingsGrain(
    IKeyRingStore store, KeyEncryptionKeys keks, RegionClock clock, IOptions<SigningKeysOptions> options,
    SigningKeysMetrics metrics, TimeProvider time, ILogger<KeyRingsGrain> logger) : Grain, IKeyRingsGrain, IRemindable
{
    private const string Sweep = "sweep";
    private static readonly TimeSpan SweepPeriod = TimeSpan.FromHours(1);
    private static readonly TimeSpan RewrapMax = TimeSpan.FromSeconds(15);

    private Task? _sweep;

    public async Task WatchAsync()
    {
        await this.RegisterOrUpdateReminder(Sweep, SweepPeriod, SweepPeriod);
        // Behind the callers' backs: every silo that starts asks for it, and it can take its time.
        _ = StartSweep();
    }

    public Task ReceiveReminder(string reminderName, TickStatus status) => StartSweep();

    public async Task<RewrapReport> RewrapAsync(int limit)
    {
        var due = (await store.ReadKeksAsync())
            .Where(ring => ring.Value.Any(id => id != keks.Current.Id)).Select(ring => ring.Key)
            .Order(StringComparer.Ordinal).ToList();
        var (began, rewrapped, unreadable) = (time.GetTimestamp(), 0, new List<string>());
        foreach (var tenant in due)
        {
            if (rewrapped >= limit || time.GetElapsedTime(began) >= RewrapMax)
            {
                break;
            }

            if (await TryRewrapAsync(tenant))
            {
                rewrapped++;
            }
            else
            {
                unreadable.Add(tenant);
            }
        }

        return new RewrapReport
        {
            Kek = keks.Current.Id,
            Rewrapped = rewrapped,
            Unreadable = unreadable,
            Remaining = due.Count - rewrapped,
        };
    }

    private async Task<bool> TryRewrapAsync(string tenant)
    {
        try
        {
            return (await GrainFactory.KeyRing(tenant).RewrapAsync()).Outcome is KeyRingOutcome.Done;
        }
        catch (ServiceOverloadedException unreadable) when (unreadable.Reason == RedisKeyRingStore.Unreadable)
        {
            return false;
        }
    }

    private Task StartSweep() => _sweep is { IsCompleted: false } running ? running : _sweep = TrySweepAsync();

    private async Task TrySweepAsync()
    {
        try
        {
            await SweepAsync();
        }
        catch (ServiceOverloadedException failure)
        {
            metrics.UpkeepFailed();
            LogSweepFailed("*", failure.Message);
        }
    }

    /// <summary>
    /// A ring that only signs wakes nobody when its key is old, and one whose silo died in the middle of a rotation
    /// has a key that waits to be promoted.
    /// </summary>
    private async Task SweepAsync()
    {
        foreach (var tenant in (await store.ReadKeksAsync()).Keys)
        {
            try
            {
                var (ring, now) = (await store.ReadAsync(tenant), clock.Now);
                if (KeyRing.IsPromotionDue(ring, now) || KeyRing.NeedsRotation(
                    ring, options.Value.RotationPeriod, options.Value.RotateCreatedBefore, now))
                {
                    await GrainFactory.KeyRing(tenant).KeepUpAsync();
                }
            }
#pragma warning disable CA1031 // One ring must not keep the others from being looked at; the next sweep tries again.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                metrics.UpkeepFailed();
                LogSweepFailed(tenant, failure.Message);
            }
        }
    }

    [LoggerMessage(4006, LogLevel.Warning, "The upkeep of tenant {Tenant}'s key ring failed: {Failure}")]
    private partial void LogSweepFailed(string tenant, string failure);
}
