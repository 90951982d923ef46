using Gatehouse.Grains.Abstractions.Resilience;

namespace Gatehouse.Grains.SigningKeys.Signing;

/// <summary>
/// Waits until nobody can sign with an older ring: each signer took a lease on the new one, or its lease ran out.
/// Counted from after the store has taken the change, so that every lease on an older ring is older, too.
/// </summary>
internal sealed partial class RevocationWait(
    IKeyRingStore store, SigningKeysMetrics metrics, TimeProvider time, ILogger<RevocationWait> logger)
{
    /// <summary>
    /// The longest lease that any process can hold, and the error of two steady clocks over that time.
    /// </summary>
    private static readonly TimeSpan LeaseMax = TimeSpan.FromSeconds(5) + TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan DelayMin = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan PauseMax = TimeSpan.FromMilliseconds(200);

    public async Task UntilNoOtherIsUsedAsync(string tenant, KeyRingState ring)
    {
        var (began, pause) = (time.GetTimestamp(), FirstPause);
        var isKnown = true;
        while (time.GetElapsedTime(began) < LeaseMax)
        {
            var holders = isKnown ? await HoldersAsync(tenant, ring) : null;
            if (holders == 0)
            {
                break;
            }

            // Once it cannot be known, the leases are waited out: a store that comes back may have forgotten some.
            isKnown = holders is not null;
            var left = LeaseMax - time.GetElapsedTime(began);
            if (left <= TimeSpan.Zero)
            {
                break;
            }

            // A delay of less than a millisecond is none, and the rest of one would be spent going round and round.
            var wait = isKnown && pause < left ? pause : left;
            await Task.Delay(wait < DelayMin ? DelayMin : wait, time);
            pause = pause + pause < PauseMax ? pause + pause : PauseMax;
        }

        var waited = time.GetElapsedTime(began);
        metrics.Waited(waited);
        if (waited >= LeaseMax)
        {
            LogWaitedOut(tenant, ring.Epoch);
        }
    }

    private async Task<int?> HoldersAsync(string tenant, KeyRingState ring)
    {
        try
        {
            return await store.HoldersAsync(tenant, ring);
        }
        catch (ServiceOverloadedException)
        {
            return null;
        }
    }

    [LoggerMessage(4003, LogLevel.Warning,
        "Not every signer said that it uses epoch {Epoch} of tenant {Tenant}'s key ring; their leases have run out")]
    private partial void LogWaitedOut(string tenant, long epoch);
}
