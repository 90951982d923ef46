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
            await _grown.Task.WaitAsync(WaitMax, time).ConfigureAwait(
                ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
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

    /// <summary>Nobody is served from here any more: the next activation reads the truth.</summary>
    private void Discard()
    {
        _isDiscarded = true;
        // Calls that wait would hold up the end of this activation, and so the next one.
        _grown?.TrySetResult();
        DeactivateOnIdle();
    }

    private void ThrowIfDiscarded()
    {
        if (_isDiscarded)
        {
            // The next activation reads the truth; this one is on its way out.
            throw new ServiceOverloadedException(AuditOverloads.Moving, Applied.No)
            {
                RetryAfter = TimeSpan.FromSeconds(1),
            };
        }
    }
}
