using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Auditing.Archive;
using Gatehouse.Grains.Regions;
using Gatehouse.Grains.SigningKeys;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;

namespace Gatehouse.Grains.Auditing;

/// <summary>
/// Reads chains: what is archived from the archive, on any silo, and what is not from the chain's grain, which alone
/// knows what is acknowledged.
/// </summary>
[GrainType("audit-reader"), StatelessWorker, Reentrant]
internal sealed partial class AuditReaderGrain(
    IAuditStore store, IAuditArchive archive, IKeyRingStore rings, IOptions<AuditOptions> options,
    IOptions<RegionOptions> region)
    : Grain, IAuditReaderGrain
{
    /// <summary>A page ends at about so many bytes, however many entries were asked for.</summary>
    private const long PageWeightMax = 1024 * 1024;

    private const int PartMax = 64;

    /// <summary>How many entries without an index one call looks through.</summary>
    private const int ScanMax = 10_000;

    private string Tenant => this.GetPrimaryKeyString();

    private IAuditChainGrain Chain => GrainFactory.AuditChain(Tenant);

    public async Task<AuditSearchPage> ReadAsync(long from, int count)
    {
        var page = await Chain.ReadAsync(from, count);
        if (from >= page.HeldFrom)
        {
            return Page(page.Entries, from + page.Entries.Count, page.Head);
        }

        // What was deleted is not answered: the first one that is left may lie behind.
        var pruned = (await archive.ReadChainAsync(Tenant)).PrunedBefore;
        var start = Math.Max(from, pruned);
        if (start >= page.HeldFrom)
        {
            return await ReadAsync(start, count) with { PrunedBefore = pruned };
        }

        var entries = await ReadArchivedAsync(start, (int)Math.Min(count, page.HeldFrom - start));
        return Page(entries, start + entries.Count, page.Head) with { PrunedBefore = pruned > from ? pruned : 0 };
    }

    public async Task<AuditSearchPage> SearchAsync(AuditFilter filter, long from, int count)
    {
        var archived = await archive.ReadChainAsync(Tenant);
        var found = new List<byte[]>();
        var next = await SearchArchivedAsync(filter, from, count, archived.End.Size, found);
        var scanned = 0;
        var page = await Chain.ReadAsync(next, 0);
        while (found.Count < count && next >= archived.End.Size && next < page.Head.Size && scanned < ScanMax)
        {
            page = await Chain.ReadAsync(next, PartMax);
            if (page.Entries.Count == 0)
            {
                // Archived and dropped a moment ago, or lost: the next call finds out.
                break;
            }

            foreach (var entry in page.Entries.TakeWhile(_ => found.Count < count))
            {
                (next, scanned) = (next + 1, scanned + 1);
                if (AuditQuery.Fits(filter, entry))
                {
                    found.Add(entry);
                }
            }
        }

        return Page(found, next, page.Head) with
        {
            PrunedBefore = archived.PrunedBefore > from ? archived.PrunedBefore : 0,
        };
    }

    /// <summary>Answers where to go on: the end of what is archived, unless the page is full before.</summary>
    private async Task<long> SearchArchivedAsync(
        AuditFilter filter, long from, int count, long end, List<byte[]> found)
    {
        var weight = 0L;
        while (from < end && found.Count < count && weight < PageWeightMax)
        {
            var asked = Math.Min(PartMax, count - found.Count);
            var part = await archive.SearchAsync(Tenant, filter, from, asked);
            // What is archived meanwhile is looked for in the chain's grain: here it would be found twice.
            var before = part.Where(entry => AuditEntry.Read(entry).Entry.Seq < end).ToList();
            found.AddRange(before);
            weight += before.Sum(static entry => (long)entry.Length);
            from = part.Count < asked || before.Count < part.Count ? end : AuditEntry.Read(part[^1]).Entry.Seq + 1;
        }

        return from;
    }

    public async Task<AuditCheckpoint?> CheckpointAsync() => await store.CheckpointAsync(Tenant) is { } last
        ? new AuditCheckpoint { Size = last.Size, Root = last.Root, SignedAt = last.SignedAt, Note = last.Note }
        : null;

    private static AuditSearchPage Page(IReadOnlyList<byte[]> entries, long next, AuditHead head) =>
        new() { Entries = entries, Next = next < head.Size ? next : null, Head = head };

    private async Task<List<byte[]>> ReadArchivedAsync(long from, int count)
    {
        var (entries, weight) = (new List<byte[]>(), 0L);
        while (entries.Count < count && weight < PageWeightMax)
        {
            var part = await archive.ReadAsync(Tenant, from + entries.Count, Math.Min(PartMax, count - entries.Count));
            entries.AddRange(part);
            weight += part.Sum(static entry => (long)entry.Length);
            if (part.Count == 0)
            {
                break;
            }
        }

        return entries;
    }
}
