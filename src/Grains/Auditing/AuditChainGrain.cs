using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Auditing.Archive;
using Gatehouse.Grains.Regions;
using Gatehouse.Grains.SigningKeys;
using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.Auditing;

/// <summary>
/// Runs <see cref="AuditChain"/> for one tenant. Appends that come while the store is busy go out together in the next
/// call (group commit, no timer); the store's comparison is the lock, not this activation.
/// </summary>
[GrainType("audit-chain")]
internal sealed partial class AuditChainGrain(
    IAuditStore store, IAuditArchive archive, ChainSealer sealer, ChainTidier tidier, ChainRepairer repairer,
    IKeyRingStore rings, RegionClock clock, IOptions<AuditOptions> options, AuditMetrics metrics, TimeProvider time,
    ILogger<AuditChainGrain> logger) : Grain, IAuditChainGrain
{
    /// <summary>A page ends at about so many bytes, however many entries were asked for.</summary>
    private const long PageWeightMax = 1024 * 1024;

    private const int PartMax = 32;
    private const int TornMax = 10_000;
    private const long QueueWeightMax = 32 * 1024 * 1024;

    /// <summary>A frozen chain is looked at again after this: its store may have been restored.</summary>
    private static readonly TimeSpan FrozenFor = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(10);

    private readonly Queue<PendingAppend> _queue = new();
    private (int Events, long Weight) _queued;
    private Task? _committing;
    private Task<OpenChain>? _opening;
    private ChainEnd _acknowledged = ChainEnd.Empty;
    private bool _isDiscarded;
    private TaskCompletionSource? _grown;

    /// <summary>The chain as this activation took it over, and its end by now.</summary>
    /// <param name="Fence">What this activation shows to the store.</param>
    /// <param name="End">The end.</param>
    /// <param name="LastAt">When the last entry was recorded.</param>
    /// <param name="FrozenAt">When it was found frozen, by this process' own timestamps; null: it is not.</param>
    /// <param name="Fault">Why it is frozen.</param>
    private sealed record OpenChain(
        long Fence, ChainEnd End, DateTimeOffset LastAt, long? FrozenAt = null, string? Fault = null)
    {
        public AuditHead Head => End.Head(FrozenAt is not null);
    }

    private string Tenant => this.GetPrimaryKeyString();

    public async Task<AuditAppendResult> AppendAsync(IReadOnlyList<AuditEvent> events)
    {
        if (events.Count is 0 or > AuditEvent.CountMax)
        {
            throw new ArgumentException($"There must be 1 to {AuditEvent.CountMax} events.", nameof(events));
        }

        if (AppendBatch.ConflictWithin(events) is { } id)
        {
            return Reused(id);
        }

        var append = new PendingAppend(events);
        if (_queued.Events + events.Count > options.Value.QueueMax || _queued.Weight + append.Weight > QueueWeightMax)
        {
            metrics.GaveUp("queue_full");
            throw new ServiceOverloadedException("audit_queue_full", Applied.No);
        }

        if (Unarchived + _queued.Events + events.Count > options.Value.TailMax)
        {
            // The regional store is not where a history is kept for good.
            SealBehind();
            metrics.GaveUp("archive_behind");
            throw new ServiceOverloadedException("audit_archive_behind", Applied.No);
        }

        return await EnqueueAsync(append);
    }

    private Task<AuditAppendResult> EnqueueAsync(PendingAppend append)
    {
        ThrowIfDiscarded();
        _queued = (_queued.Events + append.Events.Count, _queued.Weight + append.Weight);
        _queue.Enqueue(append);
        _committing ??= CommitAllAsync();
        return append.Answer.Task;
    }

    public async Task<AuditPage> ReadAsync(long from, int count)
    {
        var chain = await OpenAsync();
        var (entries, weight) = (new List<byte[]>(), 0L);
        var left = from < _held.Dropped ? 0 : Math.Clamp(chain.End.Size - from, 0, count);
        while (left > 0 && weight < PageWeightMax)
        {
            var asked = (int)Math.Min(left, PartMax);
            var part = await ReadEntriesAsync(from + entries.Count, asked);
            entries.AddRange(part);
            (left, weight) = (left - part.Count, weight + part.Sum(static entry => (long)entry.Length));
            if (part.Count < asked)
            {
                // Below its end a chain has no holes: what is missing was lost.
                chain = await FreezeAsync(chain, $"entry {from + entries.Count} is missing");
                break;
            }
        }

        return new AuditPage { Entries = entries, Head = chain.Head, HeldFrom = _held.Dropped };
    }

    /// <summary>From the store; what another activation has dropped there meanwhile, from the archive.</summary>
    private async Task<IReadOnlyList<byte[]>> ReadEntriesAsync(long from, int count)
    {
        var stored = from < _held.Dropped ? [] : await store.ReadAsync(Tenant, from, count);
        if (stored.Count == count)
        {
            return stored;
        }

        var archived = await archive.ReadAsync(Tenant, from + stored.Count, count - stored.Count);
        var (read, missing) = (stored.Count + archived.Count, count - stored.Count - archived.Count);
        return stored.Count > 0 || missing == 0 || archived.Count == 0
            ? [.. stored, .. archived]
            : [.. archived, .. await store.ReadAsync(Tenant, from + read, missing)];
    }

    public async Task<AuditHead> HeadAsync() => (await OpenAsync()).Head;

    public async Task<AuditHead> WaitAsync(long size)
    {
        if ((await OpenAsync()).Head is var head && head.Size <= size)
        {
            _grown ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await Task.WhenAny(_grown.Task, Task.Delay(WaitMax, time));
            head = (await OpenAsync()).Head;
        }

        return head;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _grown?.TrySetResult();
        metrics.Left(this);
        return base.OnDeactivateAsync(reason, cancellationToken);
    }

    private void ThrowIfDiscarded()
    {
        if (_isDiscarded)
        {
            // The next activation reads the truth; this one is on its way out.
            throw new ServiceOverloadedException("audit_moving", Applied.No) { RetryAfter = TimeSpan.FromSeconds(1) };
        }
    }

    /// <summary>
    /// Takes the chain over, once: whatever an earlier activation still has under way, the store refuses from here on.
    /// </summary>
    private Task<OpenChain> OpenAsync()
    {
        ThrowIfDiscarded();
        var isStale = _opening is { IsCompletedSuccessfully: true, Result.FrozenAt: { } since }
            && time.GetElapsedTime(since) >= FrozenFor;
        if (_opening is null or { IsFaulted: true } or { IsCanceled: true } || isStale)
        {
            _opening = OpenAnewAsync();
        }

        return _opening;
    }

    private async Task<OpenChain> OpenAnewAsync()
    {
        OpenedChain opened;
        try
        {
            opened = await store.OpenAsync(Tenant);
        }
        catch (FormatException broken)
        {
            return Frozen(new OpenChain(0, ChainEnd.Empty, default), broken.Message);
        }

        Adopt(opened);
        var chain = new OpenChain(opened.Fence, opened.End, default);
        if (opened.Frozen is { } fault)
        {
            return Frozen(chain, fault);
        }

        if (await LastAtAsync(_acknowledged) is null)
        {
            // What this activation acknowledged has to be there, whatever the store says of its end.
            return await FreezeAsync(chain, $"{_acknowledged.Size} entries were acknowledged, and the store is at " +
                $"{opened.End.Size} of another past");
        }

        var last = await LastAtAsync(opened.End);
        return last is null
            ? Frozen(chain, $"entry {opened.End.Size - 1} is not the one that the end names")
            : opened.Stored == opened.End.Size ? await CompareAsync(chain with { LastAt = last.Value })
            : opened.Stored > opened.End.Size ? await RepairAsync(opened)
            : Frozen(chain, $"its end says {opened.End.Size} entries, {opened.Stored} are stored");
    }

    /// <summary>The archive knows a beginning of the chain that the store cannot take back.</summary>
    private async Task<OpenChain> CompareAsync(OpenChain chain)
    {
        try
        {
            var archived = await sealer.CompareAsync(Tenant, chain.End, _held.Dropped);
            _archived = archived?.End.Size ?? _held.Dropped;
            metrics.Opened(archived is null ? "unconfirmed" : "sound");
        }
        catch (ChainDamagedException damage)
        {
            return await FreezeAsync(chain, damage.Message);
        }

        _acknowledged = chain.End;
        metrics.Waiting(this, Unarchived);
        if (chain.End.Size > (_checkpoint?.Size ?? 0))
        {
            SealLater();
        }
        else if (_archived - _held.Dropped > RedisAuditStore.SegmentSize)
        {
            // An activation before this one died between the checkpoint and what comes after it.
            (_tidying ??= TidyAsync()).Ignore();
        }

        return chain;
    }

    /// <summary>When the last entry was recorded; null when it is not the one that the end names.</summary>
    private async Task<DateTimeOffset?> LastAtAsync(ChainEnd end)
    {
        if (end.Size == 0)
        {
            return DateTimeOffset.MinValue;
        }

        var last = await ReadEntriesAsync(end.Size - 1, 1);
        try
        {
            return last.Count == 1 && Convert.ToHexStringLower(MerkleTree.Leaf(last[0])) == end.Hash
                ? AuditEntry.Read(last[0]).RecordedAt
                : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>
    /// Entries beyond the end were written by a call that was torn; if they follow, they are taken in.
    /// </summary>
    private async Task<OpenChain> RepairAsync(OpenedChain opened)
    {
        var count = (int)Math.Min(opened.Stored - opened.End.Size, TornMax);
        var torn = await store.ReadAsync(Tenant, opened.End.Size, count);
        if (AuditChain.Adopt(Tenant, opened.End, torn) is not { } repaired)
        {
            return Frozen(
                new OpenChain(opened.Fence, opened.End, default), $"{torn.Count} entries beyond its end do not follow");
        }

        var entries = torn.Select(static bytes => AuditEntry.Read(bytes).Entry).ToList();
        var answer = await store.RepairAsync(Tenant, opened.Fence, opened.End, repaired, entries);
        if (answer.Outcome is not StoreOutcome.Done)
        {
            throw new ServiceOverloadedException("audit_fenced", Applied.No);
        }

        LogRepaired(Tenant, torn.Count);
        metrics.Opened("repaired");
        // There may be more of them than were taken in.
        return await OpenAnewAsync();
    }

    /// <summary>
    /// For what only this activation knows: the next one could not find it out, and would go on from another past.
    /// </summary>
    private async Task<OpenChain> FreezeAsync(OpenChain chain, string fault)
    {
        await store.FreezeAsync(Tenant, fault);
        var frozen = Frozen(chain, fault);
        _opening = Task.FromResult(frozen);
        return frozen;
    }

    private OpenChain Frozen(OpenChain chain, string fault)
    {
        LogFrozen(Tenant, fault);
        metrics.Opened("frozen");
        return chain with { FrozenAt = time.GetTimestamp(), Fault = fault };
    }

    [LoggerMessage(2001, LogLevel.Warning,
        "The audit chain of tenant {Tenant} had {Count} entries beyond its end, left by a crash; they follow and " +
        "were taken in")]
    private partial void LogRepaired(string tenant, int count);

    [LoggerMessage(2002, LogLevel.Critical,
        "The audit chain of tenant {Tenant} is frozen: {Fault}. Nothing is recorded for this tenant until its store " +
        "is restored")]
    private partial void LogFrozen(string tenant, string fault);
}
