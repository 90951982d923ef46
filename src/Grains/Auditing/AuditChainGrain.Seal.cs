using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Auditing.Archive;
using Gatehouse.Grains.SigningKeys;

namespace Gatehouse.Grains.Auditing;

/// <content>Checkpoints: one at a time, of as much as there is.</content>
internal sealed partial class AuditChainGrain
{
    /// <summary>A ring that changes faster than it signs is looked at again at the next checkpoint.</summary>
    private const int SignaturesMax = 3;

    private SignedHead? _checkpoint;
    private string _keysRecorded = "";
    private HeldRange _held = new(0, 0);
    private long _archived;
    private Task? _sealing;
    private Task? _tidying;
    private IGrainTimer? _sealTimer;
    private bool _isSealDue;
    private bool _isArchiveFailing;
    private ChainRepair? _repair;

    /// <summary>Entries that only the regional store has.</summary>
    private long Unarchived => _acknowledged.Size - Math.Max(_archived, _held.Dropped);

    public async Task<AuditCheckpoint?> CheckpointAsync(long size)
    {
        while (true)
        {
            var chain = await OpenAsync();
            if (chain.FrozenAt is not null || chain.End.Size < size || chain.End.Size == 0)
            {
                return null;
            }

            if (_checkpoint is { } last && last.Size >= size)
            {
                return ToAnswer(last);
            }

            // One that is under way may be of a smaller tree: then the next one is not.
            await (_sealing ??= SealAsync());
        }
    }

    public async Task KeepUpAsync()
    {
        var chain = await OpenAsync();
        if (chain.FrozenAt is not null)
        {
            return;
        }

        var ring = await rings.ReadAsync(Tenant);
        var isSealed = chain.End.Size == (_checkpoint?.Size ?? 0)
            && (_checkpoint is null || clock.Now - _checkpoint.SignedAt < options.Value.HeartbeatPeriod / 2);
        if (!isSealed || ChainRecords.Recorded(ring) != _keysRecorded)
        {
            await (_sealing ??= SealAsync());
        }

        // One that is under way may know of less.
        await (_tidying ?? Task.CompletedTask);
        await (_tidying ??= TidyAsync());
    }

    private static AuditCheckpoint ToAnswer(SignedHead head) =>
        new() { Size = head.Size, Root = head.Root, SignedAt = head.SignedAt, Note = head.Note };

    private void Adopt(OpenedChain opened)
    {
        (_checkpoint, _keysRecorded, _repair) = (opened.Signed, opened.KeysRecorded, opened.Repair);
        _held = new HeldRange(opened.Dropped, opened.Forgotten);
    }

    /// <summary>Whatever was recorded is signed after a while, sooner if it is much.</summary>
    private void SealLater()
    {
        // An archive that fails is tried again by the timer, not by every event.
        if (!_isArchiveFailing && Unarchived >= options.Value.CheckpointEvents)
        {
            SealBehind();
        }

        SealIn(options.Value.CheckpointPeriod);
    }

    private void SealIn(TimeSpan wait)
    {
        if (_isSealDue)
        {
            return;
        }

        _isSealDue = true;
        if (_sealTimer is { } timer)
        {
            timer.Change(wait, Timeout.InfiniteTimeSpan);
            return;
        }

        _sealTimer = this.RegisterGrainTimer(SealOnTimeAsync, new GrainTimerCreationOptions
        {
            DueTime = wait,
            Period = Timeout.InfiniteTimeSpan,
            Interleave = true,
            KeepAlive = true,
        });
    }

    private Task SealOnTimeAsync(CancellationToken cancellationToken)
    {
        _isSealDue = false;
        if (_acknowledged.Size > (_checkpoint?.Size ?? 0) && !_isDiscarded)
        {
            SealBehind();
        }

        return Task.CompletedTask;
    }

    /// <summary>Nobody waits for it: what fails is counted, said and tried again.</summary>
    private void SealBehind() => (_sealing ??= SealAsync()).Ignore();

    private async Task SealAsync()
    {
        // Not before the field holds it.
        await Task.Yield();
        try
        {
            await TrySealAsync();
        }
#pragma warning disable CA1031 // Counted and said whatever it was; whoever waits for the checkpoint gets it, too.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            await SealFailedAsync(failure);
            throw;
        }
        finally
        {
            _sealing = null;
            // What came while it was under way, and what failed: nobody else may come by and see to it.
            if (_acknowledged.Size > (_checkpoint?.Size ?? 0) && !_isDiscarded)
            {
                SealIn(options.Value.CheckpointPeriod);
            }

            (_tidying ??= TidyAsync()).Ignore();
        }
    }

    private async Task SealFailedAsync(Exception failure)
    {
        LogSealFailed(Tenant, failure.Message);
        if (failure is ChainDamagedException damage)
        {
            metrics.SealFailed("damaged");
            await FreezeAsync(await OpenAsync(), damage.Message);
            throw new ServiceOverloadedException(AuditOverloads.Frozen, Applied.No, damage);
        }

        var reason = (failure as ServiceOverloadedException)?.Reason ?? "failed";
        metrics.SealFailed(reason);
        if (reason == AuditOverloads.Fenced)
        {
            Discard();
        }
    }

    private async Task TrySealAsync()
    {
        var began = time.GetTimestamp();
        var chain = await OpenAsync();
        if (chain.FrozenAt is not null)
        {
            return;
        }

        // Archived, whatever becomes of the signature: that is what lets entries leave the regional store.
        _isArchiveFailing = true;
        await sealer.CopyAsync(new OwnedChain(Tenant, chain.Fence, chain.End));
        _isArchiveFailing = false;
        _archived = Math.Max(_archived, chain.End.Size);
        metrics.Waiting(this, Unarchived);
        for (var attempt = 0; attempt < SignaturesMax; attempt++)
        {
            await RecordRepairAsync();
            var ring = await RecordKeysAsync();
            chain = await OpenAsync();
            if (chain.FrozenAt is not null || chain.End.Size == 0)
            {
                return;
            }

            if (await sealer.SealAsync(new OwnedChain(Tenant, chain.Fence, chain.End), ring, _checkpoint) is { } head)
            {
                (_checkpoint, _archived, _keysRecorded) = (head, head.Size, ChainRecords.Recorded(ring));
                metrics.Sealed(this, time.GetElapsedTime(began), Unarchived);
                return;
            }

            metrics.SealFailed("stale_key");
        }

        throw new ServiceOverloadedException("audit_key_changing", Applied.No);
    }

    /// <summary>
    /// What became of the tenant's keys since the last checkpoint stands in the chain before the next one is signed.
    /// </summary>
    private async Task<KeyRingState> RecordKeysAsync()
    {
        var ring = await rings.ReadAsync(Tenant);
        if (ring.Epoch == 0)
        {
            await GrainFactory.KeyRing(Tenant).EnsureAsync();
            ring = await rings.ReadAsync(Tenant);
        }

        foreach (var records in ChainRecords.Of(ring, _keysRecorded).Chunk(AuditEvent.CountMax))
        {
            await EnqueueAsync(new PendingAppend(records));
        }

        return ring;
    }

    private async Task TidyAsync()
    {
        await Task.Yield();
        try
        {
            var chain = await OpenAsync();
            if (chain.FrozenAt is null && chain.End.Size > 0)
            {
                await TidyAsync(new OwnedChain(Tenant, chain.Fence, chain.End));
            }
        }
        catch (ChainDamagedException damage)
        {
            await FreezeAsync(await OpenAsync(), damage.Message);
        }
        catch (ServiceOverloadedException failure)
        {
            // The next checkpoint, or the next look, tries again.
            metrics.SealFailed(failure.Reason);
        }
        finally
        {
            _tidying = null;
        }
    }

    private async Task TidyAsync(OwnedChain chain)
    {
        try
        {
            metrics.Dropped(await tidier.DropAsync(chain, _archived));
            await tidier.ForgetAsync(chain);
        }
        finally
        {
            _held = await store.HeldAsync(Tenant);
        }

        // One step after the other: each is recorded, signed, and then done.
        while (await tidier.DueAsync(chain) is var (record, before)
            && await TryRecordAsync(record) is { } seq && await CheckpointAsync(seq + 1) is not null
            && await tidier.PruneAsync(Tenant, before))
        {
            metrics.Pruned();
            LogPruned(Tenant, before);
        }
    }

    [LoggerMessage(2004, LogLevel.Warning,
        "No checkpoint of tenant {Tenant}'s audit chain was signed, and it is tried again: {Failure}")]
    private partial void LogSealFailed(string tenant, string failure);

    [LoggerMessage(2005, LogLevel.Information,
        "The entries of tenant {Tenant}'s audit chain before {Before} were deleted, as its retention has it")]
    private partial void LogPruned(string tenant, long before);
}
