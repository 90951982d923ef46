using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Auditing.Archive;

namespace Gatehouse.Grains.Auditing;

/// <content>What operators ask for: why a chain is frozen, repair, retention.</content>
internal sealed partial class AuditChainGrain
{
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
            return new AuditRepair { Outcome = AuditRepairOutcome.Sound, Size = chain.End.Size };
        }

        var fault = chain.Fault ?? "";
        var repair = await repairer.RepairAsync(Tenant, giveUpFrom);
        if (repair.Outcome is AuditRepairOutcome.WouldGiveUp)
        {
            return repair with { Fault = fault };
        }

        // Whatever this activation acknowledged: what is there now is the truth, and the record says so.
        (_acknowledged, _opening) = (ChainEnd.Empty, null);
        await EnqueueAsync(new PendingAppend([ChainRecords.Repaired(repair.Size, repair.GivenUp, fault, clock.Now)]));
        metrics.Repaired(repair.Outcome);
        LogRepairedByHand(Tenant, repair.Outcome, repair.Size, repair.GivenUp, fault);
        return repair with { Fault = fault };
    }

    public async Task SetRetentionAsync(AuditRetention retention)
    {
        await archive.SetRetentionAsync(Tenant, retention);
        await EnqueueAsync(new PendingAppend([ChainRecords.Retention(retention, clock.Now)]));
    }

    [LoggerMessage(2006, LogLevel.Warning,
        "The frozen audit chain of tenant {Tenant} goes on ({Outcome}) with {Size} entries; {GivenUp} were given up. " +
        "It was frozen because: {Fault}")]
    private partial void LogRepairedByHand(
        string tenant, AuditRepairOutcome outcome, long size, long givenUp, string fault);
}
