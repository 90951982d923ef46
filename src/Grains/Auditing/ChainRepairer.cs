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

    /// <summary>Repairs a chain.</summary>
    /// <param name="tenant">Whose chain it is.</param>
    /// <param name="fault">Why it is frozen.</param>
    /// <param name="giveUpFrom">From which place on entries that are not archived may be given up; null: none.</param>
    public async Task<AuditRepair> RepairAsync(string tenant, string fault, long? giveUpFrom)
    {
        var archived = await archive.ReadChainAsync(tenant);
        var opened = await TryOpenAsync(tenant);
        var signed = Math.Max(
            archived.Signed?.Size ?? 0, (opened?.Signed ?? await store.CheckpointAsync(tenant))?.Size ?? 0);
        if (opened is not null && opened.End.Size >= signed && await FollowsAsync(tenant, archived.End, opened))
        {
            var goesOn = new ChainRepair(opened.End.Size, 0, fault, clock.Now);
            return await store.UnfreezeAsync(tenant, opened.Fence, goesOn)
                ? new AuditRepair { Outcome = AuditRepairOutcome.Continued, Size = goesOn.Size, Fault = fault }
                : throw new ServiceOverloadedException(AuditOverloads.Fenced, Applied.No);
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
            tenant, archived.End, opened?.Fence ?? await store.FenceAsync(tenant),
            new ChainRepair(repair.Size, repair.GivenUp, fault, clock.Now));
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

    private async Task RestoreAsync(string tenant, ChainEnd archived, long fence, ChainRepair repair)
    {
        var start = archived.Size == 0 ? 0 : (archived.Size - 1) / SegmentSize * SegmentSize;
        var entries = (await archive.ReadAsync(tenant, start, (int)(archived.Size - start)))
            .Select(static bytes => AuditEntry.Read(bytes).Entry).ToList();
        if (entries.Count != archived.Size - start)
        {
            throw new ServiceOverloadedException("archive_damaged", Applied.No);
        }

        // Whoever sends again what is given up must not be told that it is recorded.
        await store.ForgetFromAsync(tenant, archived.Size);
        var forgotten = await RememberAsync(tenant, start);
        if (!await store.RestoreAsync(tenant, fence, archived, forgotten, entries, repair))
        {
            throw new ServiceOverloadedException(AuditOverloads.Fenced, Applied.No);
        }
    }

    /// <summary>Ids of entries that left the store, as long ago as ids are known. Answers where they begin.</summary>
    private async Task<long> RememberAsync(string tenant, long start)
    {
        var until = clock.Now - options.Value.IdRetention;
        while (start > 0)
        {
            var part = await archive.ReadAsync(tenant, start - PartMax, PartMax);
            if (part.Count != PartMax || AuditEntry.Read(part[^1]).RecordedAt < until)
            {
                break;
            }

            await store.RememberAsync(tenant, [.. part.Select(static bytes => AuditEntry.Read(bytes).Entry)]);
            start -= PartMax;
        }

        return start;
    }
}
