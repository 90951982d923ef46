using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Auditing.Archive;

namespace Gatehouse.Grains.Auditing;

/// <content>What operators ask for: why a chain is frozen, repair, retention.</content>
internal sealed partial class AuditChainGrain
{
    private Task? _repairing;

    public async Task<AuditChainState> StateAsync()
    {
        var chain = await OpenAsync();
        ArchivedChain? archived = null;
        try
        {
            archived = await archive.ReadChainAsync(Tenant);
        }
        catch (ServiceOverloadedException)
        {
            // Said by what is not answered: this call is for finding out what does not work.
        }

        return new AuditChainState
        {
            Head = chain.Head,
            Fault = chain.Fault,
            HeldFrom = _held.Dropped,
            Archived = archived?.End.Size,
            Checkpoint = _checkpoint is { } last ? ToAnswer(last) : null,
            PrunedBefore = archived?.PrunedBefore ?? 0,
            Retention = archived?.Retention,
        };
    }

    public async Task<AuditRepair> RepairAsync(long? giveUpFrom)
    {
        var chain = await OpenAsync();
        if (chain.FrozenAt is null)
        {
            await RecordRepairAsync();
            return new AuditRepair { Outcome = AuditRepairOutcome.Sound, Size = chain.End.Size };
        }

        if (_repairing is { } underWay)
        {
            // Two at once would fence each other off.
            await underWay.ConfigureAwait(
                ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            return await RepairAsync(giveUpFrom);
        }

        var repairing = RepairAsync(chain.Fault ?? "", giveUpFrom);
        _repairing = repairing;
        var repair = await repairing;
        if (repair.Outcome is AuditRepairOutcome.Continued or AuditRepairOutcome.Restored)
        {
            await OpenAsync();
            await RecordRepairAsync();
        }

        return repair;
    }

    private async Task<AuditRepair> RepairAsync(string fault, long? giveUpFrom)
    {
        // Not before the field holds it.
        await Task.Yield();
        try
        {
            var repair = await repairer.RepairAsync(Tenant, fault, giveUpFrom);
            if (repair.Outcome is AuditRepairOutcome.Continued or AuditRepairOutcome.Restored)
            {
                // Whatever this activation acknowledged: what is there now is the truth, and the record says so.
                (_acknowledged, _opening) = (ChainEnd.Empty, null);
                metrics.Repaired(repair.Outcome);
                LogRepairedByHand(Tenant, repair.Outcome, repair.Size, repair.GivenUp, fault);
            }

            return repair;
        }
        finally
        {
            _repairing = null;
        }
    }

    /// <summary>
    /// A repair stands in the chain before anything that comes after it is signed, whoever did it and died.
    /// </summary>
    private async Task RecordRepairAsync()
    {
        if (_repair is { } repair && await TryRecordAsync(ChainRecords.Of(repair)) is not null)
        {
            await store.RepairRecordedAsync(Tenant);
            _repair = null;
        }
    }

    /// <summary>The place of one of Gatehouse's own records; null: the chain takes none.</summary>
    private async Task<long?> TryRecordAsync(AuditEvent record)
    {
        var recorded = await EnqueueAsync(new PendingAppend([record]));
        return recorded.Outcome is AuditAppendOutcome.Recorded ? recorded.Receipts[0].Seq : null;
    }

    public async Task<bool> SetRetentionAsync(AuditRetention retention)
    {
        // The record first: what is deleted one day must not go back to a rule that nobody can find.
        if (await TryRecordAsync(ChainRecords.Of(retention, clock.Now, Guid.NewGuid())) is null)
        {
            return false;
        }

        await archive.SetRetentionAsync(Tenant, retention);
        return true;
    }

    [LoggerMessage(2006, LogLevel.Warning,
        "The frozen audit chain of tenant {Tenant} goes on ({Outcome}) with {Size} entries; {GivenUp} were given up. " +
        "It was frozen because: {Fault}")]
    private partial void LogRepairedByHand(
        string tenant, AuditRepairOutcome outcome, long size, long givenUp, string fault);
}
