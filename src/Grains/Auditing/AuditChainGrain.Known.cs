using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;

namespace Gatehouse.Grains.Auditing;

/// <content>Events that are sent again.</content>
internal sealed partial class AuditChainGrain
{
    /// <summary>
    /// Events that are recorded already are answered with their place; a call that sends one of their ids with another
    /// content is refused as a whole.
    /// </summary>
    private async Task<AppendBatch> SkipKnownAsync(
        AppendBatch batch, OpenChain chain, IReadOnlyList<AuditEntry> entries, IReadOnlyDictionary<int, long> known)
    {
        var refused = new HashSet<PendingAppend>();
        foreach (var (index, seq, stored, failure) in await ReadKnownAsync(known))
        {
            var id = entries[index].Id;
            if (failure is not null)
            {
                refused.UnionWith(Fail(batch, id, failure));
                continue;
            }

            if (!TryRead(stored, seq, id, out var entry, out var previous, out var recordedAt))
            {
                await FreezeAsync(chain, $"the event {seq} is not the one that its id names");
                return batch;
            }

            batch.Record(Receipt(seq, id, Convert.ToHexStringLower(entry.Hash), previous, recordedAt,
                chain.End.Size, chain.Head.Root));
            foreach (var append in batch.Appends.Where(append => append.Events.Any(
                audited => audited.Id == id && !AuditChain.IsSame(Tenant, entry.Bytes, audited))))
            {
                if (refused.Add(append))
                {
                    append.Answer.TrySetResult(Reused(id));
                }
            }
        }

        var rest = batch.Without(refused);
        if (rest.Events.Count > 0)
        {
            return rest;
        }

        Recorded(rest);
        return new AppendBatch();
    }

    /// <summary>Only those who send again what is in the archive wait for it.</summary>
    private static List<PendingAppend> Fail(AppendBatch batch, string id, Exception failure)
    {
        var failed = batch.Appends.Where(append => append.Events.Any(audited => audited.Id == id)).ToList();
        failed.ForEach(append => append.Answer.TrySetException(failure));
        return failed;
    }

    /// <summary>What is sent again was recorded together as a rule: read in runs, not one by one.</summary>
    private async Task<List<(int Index, long Seq, byte[]? Entry, ServiceOverloadedException? Failure)>> ReadKnownAsync(
        IReadOnlyDictionary<int, long> known)
    {
        var sorted = known.OrderBy(place => place.Value).ToList();
        var read = new List<(int, long, byte[]?, ServiceOverloadedException?)>(known.Count);
        for (var start = 0; start < sorted.Count;)
        {
            var (first, length) = (sorted[start].Value, 1);
            while (start + length < sorted.Count && length < PartMax && sorted[start + length].Value == first + length)
            {
                length++;
            }

            var (part, failure) = await TryReadAsync(first, length);
            for (var i = 0; i < length; i++)
            {
                read.Add((sorted[start + i].Key, first + i, i < part.Count ? part[i] : null, failure));
            }

            start += length;
        }

        return read;
    }

    private async Task<(IReadOnlyList<byte[]> Entries, ServiceOverloadedException? Failure)> TryReadAsync(
        long from, int count)
    {
        try
        {
            return (await ReadEntriesAsync(from, count), null);
        }
        catch (ServiceOverloadedException away) when (from < _held.Dropped)
        {
            return ([], away);
        }
    }

    private static bool TryRead(
        byte[]? stored, long seq, string id, out AuditEntry entry, out string previous, out DateTimeOffset recordedAt)
    {
        (entry, previous, recordedAt) = (null!, "", default);
        try
        {
            (entry, _, previous, recordedAt) = AuditEntry.Read(stored ?? []);
            return (entry.Seq, entry.Id) == (seq, id);
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
