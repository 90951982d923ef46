using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Auditing.Archive;
using Microsoft.Extensions.Options;
using Gatehouse.Grains.Regions;
using Orleans.Concurrency;

namespace Gatehouse.Grains.Auditing;

/// <summary>
/// Reads chains: what is archived from the archive, on any silo, and what is not from the chain's grain, which alone
/// knows what is acknowledged.
/// </summary>
[GrainType("audit-reader"), StatelessWorker, Reentrant]
internal sealed partial class AuditReaderGrain(
    IAuditStore store, IAuditArchive archive, IOptions<AuditOptions> options, IOptions<RegionOptions> region)
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

        var entries = await ReadArchivedAsync(from, (int)Math.Min(count, page.HeldFrom - from));
        // What was deleted is not answered: the first one that is left may lie behind.
        var first = entries.Count > 0
            ? AuditEntry.Read(entries[0]).Entry.Seq
            : Math.Max(from, (await archive.ReadChainAsync(Tenant)).PrunedBefore);
        return entries.Count == 0 && first > from
            ? await ReadAsync(first, count) with { PrunedBefore = first }
            : Page(entries, first + entries.Count, page.Head) with { PrunedBefore = first > from ? first : 0 };
    }

    public async Task<AuditSearchPage> SearchAsync(AuditFilter filter, long from, int count)
    {
        var archived = (await archive.ReadChainAsync(Tenant)).End.Size;
        var (found, next) = (new List<byte[]>(), from);
        if (from < archived)
        {
            var kept = await archive.SearchAsync(Tenant, filter, from, count);
            found.AddRange(WithinWeight(kept));
            next = found.Count > 0 && (found.Count == count || found.Count < kept.Count)
                ? AuditEntry.Read(found[^1]).Entry.Seq + 1
                : archived;
        }

        var scanned = 0;
        var page = await Chain.ReadAsync(next, 0);
        while (found.Count < count && next >= archived && next < page.Head.Size && scanned < ScanMax)
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

        return Page(found, next, page.Head);
    }

    public async Task<AuditCheckpoint?> CheckpointAsync() => await store.CheckpointAsync(Tenant) is { } last
        ? new AuditCheckpoint { Size = last.Size, Root = last.Root, SignedAt = last.SignedAt, Note = last.Note }
        : null;

    private static AuditSearchPage Page(IReadOnlyList<byte[]> entries, long next, AuditHead head) =>
        new() { Entries = entries, Next = next < head.Size ? next : null, Head = head };

    private static IEnumerable<byte[]> WithinWeight(IReadOnlyList<byte[]> entries)
    {
        var weight = 0L;
        return entries.TakeWhile(entry => weight < PageWeightMax && (weight += entry.Length) > 0);
    }

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
