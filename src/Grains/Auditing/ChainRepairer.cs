using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Auditing.Archive;
using Gatehouse.Grains.Regions;
using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.Auditing;

/// <summary>
/// Lets frozen chains go on: as the store holds them where everything follows, else as they are archived. Whatever was
/// signed is archived, so no repair contradicts a checkpoint.
/// </summary>
internal sealed class ChainRepairer(
    IAuditStore store, IAuditArchive archive, RegionClock clock, IOptions<AuditOptions> options)
{
    private const int SegmentSize = RedisAuditStore.SegmentSize;

    /// <summary>
    /// So many entries are read at once, but for those that are put back in one call. A segment is a multiple of it.
    /// </summary>
    private const int PartMax = 512;

    /// <summary>Repairs a chain. Safe to repeat: until the last step it stays frozen.</summary>
    /// <param name="tenant">Whose chain it is.</param>
    /// <param name="fault">Why it is frozen.</param>
    /// <param name="giveUpFrom">From which place on entries that are not archived may be given up; null: none.</param>
    public async Task<AuditRepair> RepairAsync(string tenant, string fault, long? giveUpFrom)
    {
        var archived = await archive.ReadChainAsync(tenant);
        var opened = await TryOpenAsync(tenant);
        var signed = Math.Max(
            archived.Signed?.Size ?? 0, (opened?.Signed ?? await store.CheckpointAsync(tenant))?.Size ?? 0);
        // Of a repair whose answer was lost: what it gave up is to be recorded all the same.
        var unrecorded = opened?.Repair?.GivenUp ?? 0;
        if (opened is not null && opened.End.Size >= signed && await FollowsAsync(tenant, archived.End, opened))
        {
            return await GoOnAsync(
                tenant, archived, opened, new ChainRepair(opened.End.Size, unrecorded, fault, clock.Now));
        }

        var size = opened is null ? archived.End.Size : Math.Max(opened.Stored, opened.End.Size);
        var repair = new AuditRepair
        {
            Outcome = AuditRepairOutcome.Restored,
            Size = archived.End.Size,
            GivenUp = Math.Max(0, size - archived.End.Size),
            SignedSize = signed,
            Fault = fault,
        };
        if (signed > archived.End.Size || (repair.GivenUp > 0 && giveUpFrom != archived.End.Size))
        {
            return repair with
            {
                Outcome = signed > archived.End.Size
                    ? AuditRepairOutcome.WouldContradict
                    : AuditRepairOutcome.WouldGiveUp,
            };
        }

        await RestoreAsync(
            tenant, archived, opened?.Fence ?? await store.FenceAsync(tenant),
            new ChainRepair(repair.Size, unrecorded + repair.GivenUp, fault, clock.Now));
        return repair;
    }

    private async Task<OpenedChain?> TryOpenAsync(string tenant)
    {
        try
        {
            return await store.OpenAsync(tenant);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>Whether the store's entries go on from what is archived, up to its end.</summary>
    private async Task<bool> FollowsAsync(string tenant, ChainEnd archived, OpenedChain opened)
    {
        if (opened.End.Size < archived.Size || opened.Stored != opened.End.Size
            || !await MatchesAsync(tenant, archived, opened))
        {
            return false;
        }

        for (var end = archived; end.Size < opened.End.Size;)
        {
            var count = (int)Math.Min(PartMax, opened.End.Size - end.Size);
            var entries = await store.ReadAsync(tenant, end.Size, count);
            if (entries.Count < count || AuditChain.Adopt(tenant, end, entries) is not { } next)
            {
                return false;
            }

            if (next.Size == opened.End.Size)
            {
                return next.Hash == opened.End.Hash && next.Tree.Root().AsSpan().SequenceEqual(opened.End.Tree.Root());
            }

            end = next;
        }

        return opened.End.Hash == archived.Hash;
    }

    /// <summary>Whether what the store still holds of the archived entries is what is archived.</summary>
    private async Task<bool> MatchesAsync(string tenant, ChainEnd archived, OpenedChain opened)
    {
        for (var from = opened.Dropped; from < archived.Size;)
        {
            var count = (int)Math.Min(PartMax, archived.Size - from);
            var stored = await store.ReadAsync(tenant, from, count);
            var kept = await archive.ReadAsync(tenant, from, count);
            if (!AuditChain.AreSame(count, stored, kept))
            {
                return false;
            }

            from += count;
        }

        return true;
    }

    private async Task<AuditRepair> GoOnAsync(
        string tenant, ArchivedChain archived, OpenedChain opened, ChainRepair repair)
    {
        ThrowUnless(await store.ForgetAllAsync(tenant, opened.Fence, repair.Fault));
        for (var end = opened.End.Size; end > opened.Dropped;)
        {
            var count = (int)Math.Min(PartMax, end - opened.Dropped);
            var part = await store.ReadAsync(tenant, end - count, count);
            ThrowUnless(part.Count == count && await store.RememberAsync(
                tenant, opened.Fence, [.. part.Select(static bytes => AuditEntry.Read(bytes).Entry)]));
            end -= count;
        }

        var forgotten = await RememberAsync(tenant, opened.Fence, opened.Dropped, archived.PrunedBefore);
        ThrowUnless(await store.UnfreezeAsync(tenant, opened.Fence, forgotten, repair));
        return new AuditRepair { Outcome = AuditRepairOutcome.Continued, Size = repair.Size, Fault = repair.Fault };
    }

    private async Task RestoreAsync(string tenant, ArchivedChain archived, long fence, ChainRepair repair)
    {
        var (end, start) = (archived.End, Math.Max(0, archived.End.Size - 1) / SegmentSize * SegmentSize);
        var (entries, _) = await ReadArchivedAsync(tenant, start, (int)(end.Size - start));
        ThrowUnless(await store.ForgetAllAsync(tenant, fence, repair.Fault));
        var forgotten = await RememberAsync(tenant, fence, start, archived.PrunedBefore);
        ThrowUnless(await store.RestoreAsync(tenant, fence, end, forgotten, entries, repair));
    }

    /// <summary>
    /// Ids of entries that left the store, as long ago as ids are known. A repair makes all ids anew, out of entries:
    /// those of what is given up may be sent again; others that are old, or of another past, would stay for ever.
    /// </summary>
    /// <param name="tenant">Whose chain it is.</param>
    /// <param name="fence">The owner's.</param>
    /// <param name="start">
    /// Where they end. Backwards from there: of two entries with one id, the later one is known.
    /// </param>
    /// <param name="prunedBefore">Entries before this place were deleted.</param>
    /// <returns>Where they begin.</returns>
    private async Task<long> RememberAsync(string tenant, long fence, long start, long prunedBefore)
    {
        var until = clock.Now - options.Value.IdRetention;
        while (start > prunedBefore)
        {
            var (part, lastAt) = await ReadArchivedAsync(tenant, start - PartMax, PartMax);
            if (lastAt < until)
            {
                break;
            }

            ThrowUnless(await store.RememberAsync(tenant, fence, part));
            start -= PartMax;
        }

        return start;
    }

    private async Task<(IReadOnlyList<AuditEntry> Entries, DateTimeOffset LastAt)> ReadArchivedAsync(
        string tenant, long from, int count)
    {
        var archived = await archive.ReadAsync(tenant, from, count);
        try
        {
            var read = archived.Select(AuditEntry.Read).ToList();
            return read.Count == count
                ? ([.. read.Select(static entry => entry.Entry)], count == 0 ? default : read[^1].RecordedAt)
                : throw new FormatException($"There are {read.Count} of the {count} entries from {from} on.");
        }
        catch (FormatException damage)
        {
            throw new ServiceOverloadedException("archive_damaged", Applied.No, damage);
        }
    }

    private static void ThrowUnless(bool isOwner)
    {
        if (!isOwner)
        {
            throw new ServiceOverloadedException(AuditOverloads.Fenced, Applied.No);
        }
    }
}
