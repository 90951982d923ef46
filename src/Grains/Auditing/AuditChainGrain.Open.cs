using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;

namespace Gatehouse.Grains.Auditing;

/// <content>Taking a chain over: sound, repaired, or frozen.</content>
internal sealed partial class AuditChainGrain
{
    /// <summary>
    /// Takes the chain over, once: whatever an earlier activation still has under way, the store refuses from here on.
    /// </summary>
    private Task<OpenChain> OpenAsync()
    {
        ThrowIfDiscarded();
        // Not while it is repaired: whoever asks meanwhile would take it away from the repair.
        var isStale = _repairing is null
            && _opening is { IsCompletedSuccessfully: true, Result.FrozenAt: { } since }
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

        if (opened.End.Size < _acknowledged.Size || await LastAtAsync(_acknowledged) is null)
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
            throw new ServiceOverloadedException(AuditOverloads.Fenced, Applied.No);
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
        if (!await store.FreezeAsync(Tenant, chain.Fence, fault))
        {
            // What was found may be the work of whoever owns the chain by now.
            Discard();
            throw new ServiceOverloadedException(AuditOverloads.Fenced, Applied.No);
        }

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
