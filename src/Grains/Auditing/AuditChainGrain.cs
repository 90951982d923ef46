using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Regions;
using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.Auditing;

/// <summary>
/// Runs <see cref="AuditChain"/> for one tenant. Appends that come while the store is busy go out together in the
/// next call (group commit, no timer); the store's comparison is the lock, not this activation.
/// </summary>
[GrainType("audit-chain")]
internal sealed partial class AuditChainGrain(
    IAuditStore store, RegionClock clock, IOptions<AuditOptions> options, AuditMetrics metrics, TimeProvider time,
    ILogger<AuditChainGrain> logger) : Grain, IAuditChainGrain
{
    /// <summary>A page ends at about so many bytes, however many entries were asked for.</summary>
    private const long PageWeightMax = 1024 * 1024;

    private const int PartMax = 100;

    private readonly Queue<PendingAppend> _queue = new();
    private int _queued;
    private Task? _committing;
    private Task<OpenChain>? _opening;

    /// <summary>The chain as this activation took it over, and its end by now.</summary>
    private sealed record OpenChain(long Fence, ChainEnd End, bool IsFrozen);

    private string Tenant => this.GetPrimaryKeyString();

    public async Task<AuditAppendResult> AppendAsync(IReadOnlyList<AuditEvent> events)
    {
        if (events.Count == 0)
        {
            throw new ArgumentException("There must be an event.", nameof(events));
        }

        if (_queued + events.Count > options.Value.QueueMax)
        {
            metrics.GaveUp("queue_full");
            throw new ServiceOverloadedException("audit_queue_full", Applied.No);
        }

        var append = new PendingAppend(events);
        _queued += events.Count;
        _queue.Enqueue(append);
        _committing ??= CommitAllAsync();
        return await append.Answer.Task;
    }

    public async Task<AuditPage> ReadAsync(long from, int count)
    {
        var chain = await OpenAsync();
        var (entries, weight) = (new List<byte[]>(), 0L);
        var left = Math.Clamp(chain.End.Size - from, 0, count);
        while (left > 0 && weight < PageWeightMax)
        {
            var part = await store.ReadAsync(Tenant, from + entries.Count, (int)Math.Min(left, PartMax));
            if (part.Count == 0)
            {
                break;
            }

            entries.AddRange(part);
            (left, weight) = (left - part.Count, weight + part.Sum(static entry => (long)entry.Length));
        }

        return new AuditPage { Entries = entries, Head = chain.End.Head(chain.IsFrozen) };
    }

    public async Task<AuditHead> HeadAsync()
    {
        var chain = await OpenAsync();
        return chain.End.Head(chain.IsFrozen);
    }

    /// <summary>
    /// Takes the chain over, once: whatever an earlier activation still has under way, the store refuses from here on.
    /// </summary>
    private Task<OpenChain> OpenAsync()
    {
        if (_opening is null or { IsFaulted: true } or { IsCanceled: true })
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
            LogFrozen(Tenant, broken.Message);
            metrics.Opened("unreadable");
            return new OpenChain(0, ChainEnd.Empty, IsFrozen: true);
        }

        if (opened.Stored == opened.End.Size && await IsLastAsync(opened.End))
        {
            metrics.Opened("sound");
            return new OpenChain(opened.Fence, opened.End, IsFrozen: false);
        }

        return await RepairAsync(opened);
    }

    /// <summary>The end is a cache: the last entry is what counts.</summary>
    private async Task<bool> IsLastAsync(ChainEnd end)
    {
        if (end.Size == 0)
        {
            return true;
        }

        var last = await store.ReadAsync(Tenant, end.Size - 1, 1);
        return last.Count == 1 && Convert.ToHexStringLower(MerkleTree.Leaf(last[0])) == end.Hash;
    }

    /// <summary>
    /// Entries beyond the end were written by a call that was torn; if they follow, they are taken in.
    /// </summary>
    private async Task<OpenChain> RepairAsync(OpenedChain opened)
    {
        var torn = opened.Stored > opened.End.Size && await IsLastAsync(opened.End)
            ? await store.ReadAsync(Tenant, opened.End.Size, (int)Math.Min(opened.Stored - opened.End.Size, 10_000))
            : [];
        if (torn.Count > 0 && AuditChain.Adopt(Tenant, opened.End, torn) is { } repaired)
        {
            var entries = torn.Select(static bytes => AuditEntry.Read(bytes).Entry).ToList();
            var answer = await store.RepairAsync(Tenant, opened.Fence, opened.End, repaired, entries);
            if (answer.Outcome is StoreOutcome.Done)
            {
                LogRepaired(Tenant, torn.Count);
                metrics.Opened("repaired");
                return new OpenChain(opened.Fence, repaired, IsFrozen: false);
            }

            throw new ServiceOverloadedException("audit_fenced", Applied.No);
        }

        LogFrozen(Tenant, $"its end says {opened.End.Size} entries, {opened.Stored} are stored");
        metrics.Opened("frozen");
        return new OpenChain(opened.Fence, opened.End, IsFrozen: true);
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
