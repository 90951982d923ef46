using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;

namespace Gatehouse.Grains.Auditing;

/// <content>Commits: one at a time, each of as much as waits.</content>
internal sealed partial class AuditChainGrain
{
    private const int BatchEventsMax = 1_000;
    private const long BatchWeightMax = 1024 * 1024;

    /// <summary>Waits between attempts whose outcome the store did not tell; then the batch is given up.</summary>
    private static readonly TimeSpan[] BackOff =
        [TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(40)];

    /// <summary>Others can change the chain only by taking it over; a few rounds are enough to find out.</summary>
    private const int RebasesMax = 5;

    private async Task CommitAllAsync()
    {
        // The caller's own turn goes on first: what comes with it in the same moment goes out with it.
        await Task.Yield();
        while (_queue.Count > 0)
        {
            var batch = new AppendBatch(Take());
            try
            {
                await CommitAsync(batch);
            }
#pragma warning disable CA1031 // Whatever failed: the callers are told, and the next activation reads the truth.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                GiveUp(batch, failure);
            }
        }

        _committing = null;
    }

    private List<PendingAppend> Take()
    {
        var (taken, events, weight) = (new List<PendingAppend>(), 0, 0L);
        while (_queue.TryPeek(out var next) && (taken.Count == 0
            || (events + next.Events.Count <= BatchEventsMax && weight + next.Weight <= BatchWeightMax)))
        {
            taken.Add(_queue.Dequeue());
            (events, weight) = (events + next.Events.Count, weight + next.Weight);
        }

        _queued -= events;
        return taken;
    }

    private static AppendBatch WithoutReused(AppendBatch all)
    {
        var reused = all.FindReused();
        foreach (var (append, id) in reused)
        {
            append.Answer.SetResult(Reused(id));
        }

        return reused.Count == 0 ? all : new AppendBatch([.. all.Appends.Except(reused.Select(r => r.Append))]);
    }

    private async Task CommitAsync(AppendBatch all)
    {
        var (batch, doubt) = (WithoutReused(all), new Doubt());
        for (var rebase = 0; rebase < RebasesMax && batch.Appends.Count > 0; rebase++)
        {
            var chain = await OpenAsync();
            if (chain.IsFrozen)
            {
                Answer(batch, static _ => new AuditAppendResult { Outcome = AuditAppendOutcome.Frozen });
                return;
            }

            var now = DateTimeOffset.FromUnixTimeMilliseconds(clock.NowMs);
            var (next, entries) = AuditChain.Append(Tenant, chain.End, batch.Events, now);
            var answer = await SendAsync(chain, next, entries, doubt);
            switch (answer.Outcome)
            {
                case StoreOutcome.Done:
                    Record(batch, chain, next, entries, now);
                    return;
                case StoreOutcome.Known:
                    batch = await SkipKnownAsync(batch, chain, answer.Known);
                    break;
                case StoreOutcome.Fenced:
                    // Another activation owns the chain; whoever asks again finds it.
                    throw new ServiceOverloadedException("audit_fenced", doubt.Applied);
                default:
                    // Ends elsewhere, or holds more than its end says: read it anew.
                    metrics.Retried(answer.Outcome is StoreOutcome.Mismatch ? "mismatch" : "corrupt");
                    _opening = null;
                    break;
            }
        }

        if (batch.Appends.Count > 0)
        {
            throw new ServiceOverloadedException("audit_contended", doubt.Applied);
        }
    }

    /// <summary>Sends the very same bytes until the store says what became of them, a few times.</summary>
    private async Task<StoreAnswer> SendAsync(
        OpenChain chain, ChainEnd next, IReadOnlyList<AuditEntry> entries, Doubt doubt)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await store.AppendAsync(Tenant, chain.Fence, chain.End, next, entries);
            }
            catch (ServiceOverloadedException failure)
            {
                doubt.IsUncertain |= failure.Applied is Applied.Unknown;
                if (attempt == BackOff.Length)
                {
                    throw new ServiceOverloadedException(failure.Reason, doubt.Applied, failure);
                }

                metrics.Retried(failure.Applied is Applied.Unknown ? "unknown" : "failed");
                await Task.Delay(BackOff[attempt], time);
            }
        }
    }

    /// <summary>Whether any attempt may have been applied: the last one's certainty is not that of all.</summary>
    private sealed class Doubt
    {
        public bool IsUncertain { get; set; }

        public Applied Applied => IsUncertain ? Applied.Unknown : Applied.No;
    }

    private void Record(
        AppendBatch batch, OpenChain chain, ChainEnd next, IReadOnlyList<AuditEntry> entries, DateTimeOffset now)
    {
        _opening = Task.FromResult(chain with { End = next });
        metrics.Committed(entries.Count);
        var (previous, root) = (chain.End.Hash, Convert.ToHexStringLower(next.Tree.Root()));
        for (var i = 0; i < entries.Count; i++)
        {
            var hash = Convert.ToHexStringLower(entries[i].Hash);
            batch.Record(i, Receipt(entries[i].Seq, entries[i].Id, hash, previous, now, next.Size, root));
            previous = hash;
        }

        Answer(batch, static append => new AuditAppendResult
        {
            Outcome = AuditAppendOutcome.Recorded,
            Receipts = append.Receipts!,
        });
    }

    /// <summary>
    /// Events that are recorded already are answered with their place; a call that sends one of their ids with another
    /// content is refused as a whole.
    /// </summary>
    private async Task<AppendBatch> SkipKnownAsync(
        AppendBatch batch, OpenChain chain, IReadOnlyDictionary<int, long> known)
    {
        var (head, refused) = (chain.End.Head(), new HashSet<PendingAppend>());
        foreach (var (index, seq) in known)
        {
            var stored = (await store.ReadAsync(Tenant, seq, 1))[0];
            var (entry, _, previous, recordedAt) = AuditEntry.Read(stored);
            batch.Record(index, Receipt(
                seq, entry.Id, Convert.ToHexStringLower(entry.Hash), previous, recordedAt, head.Size, head.Root));
            foreach (var append in batch.Appends.Where(append => append.Events.Any(
                audited => audited.Id == entry.Id && !AuditChain.IsSame(Tenant, stored, audited))))
            {
                if (refused.Add(append))
                {
                    append.Answer.SetResult(Reused(entry.Id));
                }
            }
        }

        var rest = new AppendBatch([.. batch.Appends.Where(append => !refused.Contains(append))]);
        if (rest.Events.Count > 0)
        {
            return rest;
        }

        Answer(rest, static append => new AuditAppendResult
        {
            Outcome = AuditAppendOutcome.Recorded,
            Receipts = append.Receipts!,
        });
        return new AppendBatch([]);
    }

    private void GiveUp(AppendBatch batch, Exception failure)
    {
        var reason = (failure as ServiceOverloadedException)?.Reason ?? "unexpected";
        metrics.GaveUp(reason);
        LogGaveUp(failure, Tenant, batch.Events.Count);
        foreach (var append in batch.Appends)
        {
            append.Answer.TrySetException(failure);
        }

        // What is in memory may not be the truth any more.
        _opening = null;
        DeactivateOnIdle();
    }

    private static void Answer(AppendBatch batch, Func<PendingAppend, AuditAppendResult> answer)
    {
        foreach (var append in batch.Appends)
        {
            append.Answer.TrySetResult(answer(append));
        }
    }

    private static AuditAppendResult Reused(string id) =>
        new() { Outcome = AuditAppendOutcome.IdReused, ReusedId = id };

    private static AuditReceipt Receipt(
        long seq, string id, string hash, string previous, DateTimeOffset recordedAt, long size, string root) => new()
        {
            Seq = seq,
            Id = id,
            Hash = hash,
            PrevHash = previous,
            RecordedAt = recordedAt,
            TreeSize = size,
            Root = root,
        };

    [LoggerMessage(2003, LogLevel.Critical,
        "{Count} events of tenant {Tenant} could not be recorded; their callers are told so")]
    private partial void LogGaveUp(Exception failure, string tenant, int count);
}
