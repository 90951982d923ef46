using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;

namespace Gatehouse.Grains.Auditing;

/// <content>Events that are sent again.</content>
internal sealed partial class AuditChainGrain
{
    /// <summary>An event that the store knows.</summary>
    /// <param name="Index">Which of those that were sent.</param>
    /// <param name="Seq">Its place.</param>
    /// <param name="Found">What stands there, if it is that event.</param>
    /// <param name="Failure">Why nobody can say.</param>
    private sealed record KnownEvent(int Index, long Seq, FoundEntry? Found, ServiceOverloadedException? Failure)
    {
        public bool IsMissing => Found is null && Failure is null;
    }

    private sealed record FoundEntry(AuditEntry Entry, string Previous, DateTimeOffset RecordedAt);

    /// <summary>
    /// Events that are recorded already are answered with their place; a call that sends one of their ids with another
    /// content is refused as a whole.
    /// </summary>
    private async Task<AppendBatch> SkipKnownAsync(
        AppendBatch batch, OpenChain chain, IReadOnlyList<AuditEntry> entries, IReadOnlyDictionary<int, long> known)
    {
        var read = await ReadKnownAsync(entries, known);
        if (read.Any(static audited => audited.IsMissing))
        {
            var (prunedBefore, failure) = await TryReadPrunedAsync();
            if (known.Values.Any(seq => seq < prunedBefore))
            {
                // Then the store is asked again: beside what was deleted, others are read wrong.
                await ForgetPrunedAsync(chain, entries, known, prunedBefore);
                return batch;
            }

            read = [.. read.Select(audited => audited.IsMissing && audited.Seq < _held.Dropped
                ? audited with { Failure = failure }
                : audited)];
        }

        if (read.FirstOrDefault(static audited => audited.IsMissing) is { } missing)
        {
            await FreezeAsync(chain, $"the event {missing.Seq} is not the one that its id names");
            return batch;
        }

        return Answer(batch, chain, entries, read);
    }

    /// <summary>What is left of the batch once those who sent known events are answered.</summary>
    private AppendBatch Answer(
        AppendBatch batch, OpenChain chain, IReadOnlyList<AuditEntry> entries, IReadOnlyList<KnownEvent> known)
    {
        var refused = new HashSet<PendingAppend>();
        foreach (var (index, seq, found, failure) in known)
        {
            var id = entries[index].Id;
            if (found is not var (entry, previous, recordedAt))
            {
                refused.UnionWith(Fail(batch, id, failure!));
                continue;
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

    /// <summary>Before which place entries were deleted; 0 and why when the archive does not answer.</summary>
    private async Task<(long Before, ServiceOverloadedException? Failure)> TryReadPrunedAsync()
    {
        try
        {
            return ((await archive.ReadChainAsync(Tenant)).PrunedBefore, null);
        }
        catch (ServiceOverloadedException away)
        {
            return (0, away);
        }
    }

    /// <summary>
    /// An id whose entry was deleted is known no more. Ids are forgotten before that as a rule; one that was not is no
    /// damage to the chain, whatever the mark says before which ids are forgotten.
    /// </summary>
    private async Task ForgetPrunedAsync(
        OpenChain chain, IReadOnlyList<AuditEntry> entries, IReadOnlyDictionary<int, long> known, long prunedBefore)
    {
        var pruned = known.Where(place => place.Value < prunedBefore)
            .Select(place => entries[place.Key] with { Seq = place.Value }).ToList();
        var forgotten = (await store.HeldAsync(Tenant)).Forgotten;
        // Refused when the mark has moved meanwhile, or the chain is somebody else's: the next append finds out.
        await store.ForgetAsync(Tenant, chain.Fence, forgotten, forgotten, pruned);
    }

    /// <summary>Only those who send again what is in the archive wait for it.</summary>
    private static List<PendingAppend> Fail(AppendBatch batch, string id, Exception failure)
    {
        var failed = batch.Appends.Where(append => append.Events.Any(audited => audited.Id == id)).ToList();
        failed.ForEach(append => append.Answer.TrySetException(failure));
        return failed;
    }

    /// <summary>What is sent again was recorded together as a rule: read in runs, not one by one.</summary>
    private async Task<List<KnownEvent>> ReadKnownAsync(
        IReadOnlyList<AuditEntry> entries, IReadOnlyDictionary<int, long> known)
    {
        var sorted = known.OrderBy(place => place.Value).ToList();
        var read = new List<KnownEvent>(known.Count);
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
                var (index, seq) = (sorted[start + i].Key, first + i);
                var found = i < part.Count ? Find(part[i], seq, entries[index].Id) : null;
                read.Add(new KnownEvent(index, seq, found, failure));
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

    /// <summary>The entry, if it is the one of that place and id.</summary>
    private static FoundEntry? Find(byte[] stored, long seq, string id)
    {
        try
        {
            var (entry, _, previous, recordedAt) = AuditEntry.Read(stored);
            return (entry.Seq, entry.Id) == (seq, id) ? new FoundEntry(entry, previous, recordedAt) : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
