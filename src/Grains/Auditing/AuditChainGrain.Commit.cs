using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Storage;

namespace Gatehouse.Grains.Auditing;

/// <content>Commits: one at a time, each of as much as waits.</content>
internal sealed partial class AuditChainGrain
{
    private const long BatchWeightMax = 1024 * 1024;

    /// <summary>Others can change the chain only by taking it over; a few rounds are enough to find out.</summary>
    private const int RebasesMax = 5;

    /// <summary>Waits between attempts whose outcome the store did not tell; then the batch is given up.</summary>
    private static readonly TimeSpan[] BackOff =
        [TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(40)];

    /// <summary>Whether any attempt may have been applied: the last one's certainty is not that of all.</summary>
    private sealed class Doubt
    {
        public bool IsUncertain { get; set; }

        public Applied Applied => IsUncertain ? Applied.Unknown : Applied.No;
    }

    private async Task CommitAllAsync()
    {
        // The caller's own turn goes on first: what comes with it in the same moment goes out with it.
        await Task.Yield();
        try
        {
            while (_queue.Count > 0)
            {
                var (batch, doubt) = (Take(), new Doubt());
                // A commit is a part of the trace of who waited longest for it, not of who was there when the first
                // one began.
                StoreCalls.Continue(batch.Appends[0].Caller);
                try
                {
                    await CommitAsync(batch, doubt);
                }
#pragma warning disable CA1031 // Whatever failed: the callers are told, and the chain is read anew before it goes on.
                catch (Exception failure)
#pragma warning restore CA1031
                {
                    GiveUp(batch, doubt, failure);
                }
            }
        }
        finally
        {
            _committing = null;
        }
    }

    private AppendBatch Take()
    {
        var batch = new AppendBatch();
        while (_queue.TryPeek(out var next) && HasRoom(batch, next) && batch.TryAdd(next))
        {
            _queue.Dequeue();
            _queued = (_queued.Events - next.Events.Count, _queued.Weight - next.Weight);
        }

        return batch;
    }

    private static bool HasRoom(AppendBatch batch, PendingAppend next) => batch.Appends.Count == 0
        || (batch.Events.Count + next.Events.Count <= AuditEvent.CountMax
            && batch.Weight + next.Weight <= BatchWeightMax);

    private async Task CommitAsync(AppendBatch batch, Doubt doubt)
    {
        for (var rebase = 0; rebase < RebasesMax && batch.Appends.Count > 0; rebase++)
        {
            var chain = await OpenAsync();
            if (chain.FrozenAt is not null)
            {
                Answer(batch, static _ => new AuditAppendResult { Outcome = AuditAppendOutcome.Frozen });
                return;
            }

            var now = After(chain.LastAt);
            var (next, entries) = AuditChain.Append(Tenant, chain.End, batch.Events, now);
            var answer = await SendAsync(chain, next, entries, doubt);
            switch (answer.Outcome)
            {
                case StoreOutcome.Done:
                    Record(batch, chain, next, entries, now);
                    return;
                case StoreOutcome.Known:
                    doubt.IsUncertain = true;
                    batch = await SkipKnownAsync(batch, chain, entries, answer.Known);
                    break;
                case StoreOutcome.Fenced:
                    // Another activation owns the chain; whoever asks again finds it.
                    throw new ServiceOverloadedException(AuditOverloads.Fenced, doubt.Applied);
                default:
                    // Ends elsewhere, holds more than its end says, or was frozen: read it anew.
                    doubt.IsUncertain |= answer.Outcome is StoreOutcome.Corrupt;
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

    /// <summary>Now, and never before the last entry, whatever the clock of the silo that recorded that.</summary>
    private DateTimeOffset After(DateTimeOffset last)
    {
        var now = clock.Now;
        return now < last ? last : now;
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
                    throw;
                }

                metrics.Retried(failure.Applied is Applied.Unknown ? "unknown" : "failed");
                await Task.Delay(BackOff[attempt], time);
            }
        }
    }

    private void Record(
        AppendBatch batch, OpenChain chain, ChainEnd next, IReadOnlyList<AuditEntry> entries, DateTimeOffset now)
    {
        _acknowledged = next;
        _opening = Task.FromResult(chain with { End = next, LastAt = now });
        metrics.Committed(entries.Count);
        metrics.Waiting(this, Unarchived);
        _grown?.TrySetResult();
        _grown = null;
        SealLater();
        var (previous, root) = (chain.End.Hash, Convert.ToHexStringLower(next.Tree.Root()));
        foreach (var entry in entries)
        {
            var hash = Convert.ToHexStringLower(entry.Hash);
            batch.Record(Receipt(entry.Seq, entry.Id, hash, previous, now, next.Size, root));
            previous = hash;
        }

        Recorded(batch);
    }

    /// <summary>What is in memory may not be the truth any more: nobody else is served from it.</summary>
    private void GiveUp(AppendBatch batch, Doubt doubt, Exception failure)
    {
        var overload = failure as ServiceOverloadedException;
        var reason = overload?.Reason ?? "audit_failed";
        // Read anew, with another fence: what is still on its way is refused. This activation stays where it can: it
        // knows what it has acknowledged, and finds out when the store comes back without it.
        _opening = null;
        if (overload is null || reason == AuditOverloads.Fenced)
        {
            Discard();
        }

        var told = new ServiceOverloadedException(
            reason, doubt.IsUncertain || overload is null ? Applied.Unknown : overload.Applied, failure)
        {
            RetryAfter = overload?.RetryAfter ?? TimeSpan.FromSeconds(5),
        };
        foreach (var append in batch.Appends)
        {
            append.Answer.TrySetException(told);
        }

        var waiting = new ServiceOverloadedException(reason, Applied.No, failure) { RetryAfter = told.RetryAfter };
        while (_queue.TryDequeue(out var append))
        {
            append.Answer.TrySetException(waiting);
        }

        _queued = default;
        metrics.GaveUp(reason);
        LogGaveUp(failure, Tenant, batch.Events.Count);
    }

    private static void Recorded(AppendBatch batch) => Answer(batch, static append => new AuditAppendResult
    {
        Outcome = AuditAppendOutcome.Recorded,
        Receipts = append.Receipts!,
    });

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
