using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.Abstractions.Tenants;
using Gatehouse.Grains.Storage;
using Gatehouse.Grains.Tenants;

namespace Gatehouse.Grains.SigningKeys;

/// <content>One change: read, decide, replace if it is still the same, tell.</content>
internal sealed partial class KeyRingGrain
{
    /// <param name="operation">What is done.</param>
    /// <param name="number">The version that it is done to.</param>
    /// <param name="precondition">On the ring's entity tag.</param>
    /// <param name="decide">Decides on the ring as it is now; asked again when somebody else changed it meanwhile.
    /// </param>
    /// <param name="revokes">
    /// Whether to wait until no signer can use an older ring. Also where nothing was left to change: the caller may
    /// repeat a call whose answer was lost before the waiting had ended.
    /// </param>
    private async Task<KeyRingChange> ChangeAsync(
        KeyRingOperation operation, int number, Precondition precondition,
        Func<KeyRingState, (KeyRingState Next, KeyRingOutcome Outcome)> decide, bool revokes = false)
    {
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            var ring = await store.ReadAsync(Tenant);
            var tag = ring.Epoch == 0 ? null : ring.Snapshot(Tenant, revoked.Versions).ETag;
            var (next, outcome) = precondition.Holds(tag) ? decide(ring) : (ring, KeyRingOutcome.PreconditionFailed);
            if (!ReferenceEquals(next, ring))
            {
                next = next with { Stamp = Guid.NewGuid().ToString("n")[..8] };
                if (!await TryReplaceAsync(operation, ring, next))
                {
                    metrics.Conflicted();
                    continue;
                }
            }
            else if (revokes)
            {
                // The call that did it may have been cut off before it said so.
                await AnnounceAsync(next);
            }

            if (revokes && outcome is KeyRingOutcome.Done)
            {
                await wait.UntilNoOtherIsUsedAsync(Tenant, next);
            }

            metrics.Changed(operation, outcome);
            return new KeyRingChange
            {
                Outcome = outcome,
                Ring = next.Snapshot(Tenant, revoked.Versions),
                Number = number,
            };
        }

        throw new ServiceOverloadedException("key_ring_contended", Applied.No);
    }

    private async Task<bool> TryReplaceAsync(KeyRingOperation operation, KeyRingState ring, KeyRingState next)
    {
        var (keks, needed) = (ring.Keks(), next.Keks());
        if (needed.Except(keks).Any())
        {
            // Before the change: nobody may start without a key that a stored ring needs.
            await store.WriteKeksAsync(Tenant, [.. keks.Union(needed)]);
        }

        Failpoint.Reach("key-ring.noted");
        try
        {
            if (!await store.ReplaceAsync(Tenant, ring, next))
            {
                return false;
            }
        }
        catch (ServiceOverloadedException unknown) when (unknown.Applied is Applied.Unknown)
        {
            await AnnounceAsync(next);
            throw;
        }

        Failpoint.Reach("key-ring.committed");
        Record(operation, ring, next);
        await AnnounceAsync(next);
        PromoteLater(next);
        Failpoint.Reach("key-ring.announced");
        return true;
    }

    private Task AnnounceAsync(KeyRingState ring) =>
        changes.RingChangedAsync(Tenant, ring.VersionWith(Tenant, revoked.Versions));

    private void Record(KeyRingOperation operation, KeyRingState ring, KeyRingState next)
    {
        foreach (var change in KeyRingEvents.Between(Tenant, operation, ring, next))
        {
            if (change is { From: KeyStatus.Pending, To: KeyStatus.Active })
            {
                metrics.Promoted(change.At - next.Find(change.Number)!.CreatedAt);
            }

            LogChanged(
                change.Tenant, change.Number, change.From, change.To, operation.Name(), change.Epoch, change.Reason);
            foreach (var observer in observers)
            {
                observer.Changed(change);
            }
        }
    }

    [LoggerMessage(4001, LogLevel.Information,
        "Key ring of tenant {Tenant}: v{Version} went from {From} to {To} " +
        "({Operation}, epoch {Epoch}, reason: {Reason})")]
    private partial void LogChanged(
        string tenant, int version, KeyStatus from, KeyStatus to, string operation, long epoch, string? reason);

    [LoggerMessage(4002, LogLevel.Warning,
        "The upkeep of tenant {Tenant}'s key ring failed and is tried again: {Failure}")]
    private partial void LogUpkeepFailed(string tenant, string failure);

    [LoggerMessage(4005, LogLevel.Error,
        "The key of tenant {Tenant} is due for rotation and cannot be rotated: {Outcome}")]
    private partial void LogRotationRefused(string tenant, KeyRingOutcome outcome);
}
