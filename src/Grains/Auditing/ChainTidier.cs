using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Auditing.Archive;
using Gatehouse.Grains.Regions;
using Gatehouse.Grains.Storage;
using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.Auditing;

/// <summary>What the store still holds of a chain.</summary>
/// <param name="Dropped">Entries before this place are in the archive only.</param>
/// <param name="Forgotten">Ids of entries before this place are forgotten.</param>
internal sealed record HeldRange(long Dropped, long Forgotten);

/// <summary>
/// Takes out of the stores what is not needed there any more: archived segments out of the regional store, ids that
/// nobody sends again, entries that are not to be kept. Each step compares before it deletes, and may be repeated.
/// </summary>
internal sealed class ChainTidier(
    IAuditStore store, IAuditArchive archive, RegionClock clock, IOptions<AuditOptions> options)
{
    private const int SegmentSize = RedisAuditStore.SegmentSize;

    /// <summary>
    /// Drops the segments that are full and archived. The archive is read back first; the store keeps the last entry.
    /// </summary>
    public async Task<HeldRange> DropAsync(OwnedChain chain, long archived, HeldRange held)
    {
        while (held.Dropped + SegmentSize <= archived && held.Dropped + SegmentSize < chain.End.Size)
        {
            var stored = await store.ReadAsync(chain.Tenant, held.Dropped, SegmentSize);
            var kept = await archive.ReadAsync(chain.Tenant, held.Dropped, SegmentSize);
            if (stored.Count != SegmentSize || kept.Count != SegmentSize
                || stored.Zip(kept).Any(static pair => !pair.First.AsSpan().SequenceEqual(pair.Second)))
            {
                throw new ChainDamagedException(
                    $"the archive does not hold the {SegmentSize} entries from {held.Dropped} on as the store does");
            }

            Failpoint.Reach("audit.read-back");
            if (!await store.DropAsync(chain.Tenant, chain.Fence, held.Dropped, stored[0], stored[^1]))
            {
                break;
            }

            Failpoint.Reach("audit.dropped");
            held = held with { Dropped = held.Dropped + SegmentSize };
        }

        return held;
    }

    /// <summary>Forgets the ids of archived segments that were recorded longer ago than ids are known.</summary>
    public async Task<HeldRange> ForgetAsync(OwnedChain chain, HeldRange held)
    {
        var until = clock.Now - options.Value.IdRetention;
        while (held.Forgotten + SegmentSize <= held.Dropped
            && await IsBeforeAsync(chain.Tenant, held.Forgotten + SegmentSize - 1, until))
        {
            var segment = await archive.ReadAsync(chain.Tenant, held.Forgotten, SegmentSize);
            var entries = segment.Select(static bytes => AuditEntry.Read(bytes).Entry).ToList();
            if (entries.Count != SegmentSize
                || !await store.ForgetAsync(chain.Tenant, chain.Fence, held.Forgotten, entries))
            {
                break;
            }

            held = held with { Forgotten = held.Forgotten + SegmentSize };
        }

        return held;
    }

    /// <summary>
    /// The record of a deletion that is due, and where it ends; null: none is due. It has to stand in the chain, under
    /// a checkpoint, before anything is deleted.
    /// </summary>
    public async Task<(AuditEvent Record, long Before)?> DueAsync(OwnedChain chain, HeldRange held)
    {
        var archived = await archive.ReadChainAsync(chain.Tenant);
        if (archived.Retention is not { KeepFor: { } keepFor, IsHeld: false })
        {
            return null;
        }

        var (before, until) = (archived.PrunedBefore, clock.Now - keepFor);
        while (before + SegmentSize <= held.Forgotten
            && await IsBeforeAsync(chain.Tenant, before + SegmentSize - 1, until))
        {
            before += SegmentSize;
        }

        if (before == archived.PrunedBefore)
        {
            return null;
        }

        var last = AuditEntry.Read((await archive.ReadAsync(chain.Tenant, before - 1, 1))[0]);
        return (ChainRecords.Pruned(
            archived.PrunedBefore, before, Convert.ToHexStringLower(last.Entry.Hash), last.RecordedAt, keepFor),
            before);
    }

    /// <summary>Deletes what was recorded to be; false: it is held meanwhile.</summary>
    public Task<bool> PruneAsync(string tenant, long before) => archive.PruneAsync(tenant, before);

    private async Task<bool> IsBeforeAsync(string tenant, long seq, DateTimeOffset until)
    {
        var entry = await archive.ReadAsync(tenant, seq, 1);
        return entry.Count == 1 && AuditEntry.Read(entry[0]).RecordedAt < until;
    }
}
