using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Auditing.Archive;
using Gatehouse.Grains.Regions;
using Gatehouse.Grains.Storage;
using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.Auditing;

/// <summary>
/// Takes out of the stores what is not needed there any more: archived segments out of the regional store, ids that
/// nobody sends again, entries that are not to be kept. Each step compares before it deletes, and may be repeated.
/// </summary>
internal sealed class ChainTidier(
    IAuditStore store, IAuditArchive archive, RegionClock clock, IOptions<AuditOptions> options)
{
    private const int SegmentSize = RedisAuditStore.SegmentSize;

    /// <summary>So many entries are held at once; a segment is a multiple of it.</summary>
    private const int PartMax = 512;

    /// <summary>One deletion takes so many segments: it is one transaction, and others write meanwhile.</summary>
    private const int PruneMax = 8;

    /// <summary>
    /// Drops the segments that are full and archived. The archive is read back first; the store keeps the last entry.
    /// </summary>
    /// <returns>How many entries were dropped.</returns>
    public async Task<long> DropAsync(OwnedChain chain, long archived)
    {
        // As it is stored, each time: a call may have been applied whose answer was lost.
        var first = (await store.HeldAsync(chain.Tenant)).Dropped;
        var from = first;
        while (from + SegmentSize <= archived && from + SegmentSize < chain.End.Size)
        {
            if (await ReadBackAsync(chain, from) is not var (head, last))
            {
                break;
            }

            Failpoint.Reach("audit.read-back");
            if (!await store.DropAsync(chain.Tenant, chain.Fence, from, head, last))
            {
                break;
            }

            Failpoint.Reach("audit.dropped");
            from += SegmentSize;
        }

        return from - first;
    }

    /// <summary>Forgets the ids of archived segments that were recorded longer ago than ids are known.</summary>
    public async Task ForgetAsync(OwnedChain chain)
    {
        var (dropped, from) = await store.HeldAsync(chain.Tenant);
        var until = clock.Now - options.Value.IdRetention;
        while (from + SegmentSize <= dropped && await IsBeforeAsync(chain.Tenant, from + SegmentSize - 1, until))
        {
            for (var end = from + SegmentSize; from < end; from += PartMax)
            {
                var entries = (await archive.ReadAsync(chain.Tenant, from, PartMax))
                    .Select(static bytes => AuditEntry.Read(bytes).Entry).ToList();
                if (entries.Count != PartMax
                    || !await store.ForgetAsync(chain.Tenant, chain.Fence, from, from + PartMax, entries))
                {
                    return;
                }
            }
        }
    }

    /// <summary>
    /// The first and the last entry of a segment, once the archive holds all of it as the store does; null: somebody
    /// else has dropped it.
    /// </summary>
    private async Task<(byte[] First, byte[] Last)?> ReadBackAsync(OwnedChain chain, long from)
    {
        byte[]? first = null, last = null;
        for (var at = from; at < from + SegmentSize; at += PartMax)
        {
            var stored = await store.ReadAsync(chain.Tenant, at, PartMax);
            var kept = await archive.ReadAsync(chain.Tenant, at, PartMax);
            if (stored.Count < PartMax && (await store.HeldAsync(chain.Tenant)).Dropped > at)
            {
                return null;
            }

            if (!AuditChain.AreSame(PartMax, stored, kept))
            {
                throw new ChainDamagedException(
                    $"the archive does not hold the {SegmentSize} entries from {from} on as the store does");
            }

            (first, last) = (first ?? stored[0], stored[^1]);
        }

        return (first!, last!);
    }

    /// <summary>
    /// The record of a deletion that is due, and where it ends; null: none is due. It has to stand in the chain, under
    /// a checkpoint, before anything is deleted.
    /// </summary>
    public async Task<(AuditEvent Record, long Before)?> DueAsync(OwnedChain chain)
    {
        var archived = await archive.ReadChainAsync(chain.Tenant);
        if (archived.Retention is not { KeepFor: { } keepFor, IsHeld: false })
        {
            return null;
        }

        var forgotten = (await store.HeldAsync(chain.Tenant)).Forgotten;
        var (before, until) = (archived.PrunedBefore, clock.Now - keepFor);
        while (before + SegmentSize <= Math.Min(forgotten, archived.PrunedBefore + (PruneMax * SegmentSize))
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
