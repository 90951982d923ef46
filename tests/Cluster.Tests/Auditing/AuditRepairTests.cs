using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;

namespace Gatehouse.Cluster.Tests.Auditing;

/// <summary>
/// A store that is behind what is archived, or of another past: frozen, whoever looks, until an operator lets it go on.
/// </summary>
public sealed class AuditRepairTests(AuditCluster fixture) : IClassFixture<AuditCluster>
{
    private readonly GatehouseCluster _cluster = fixture.Cluster;
    private readonly TestChain _chain = new(fixture.Cluster);

    [Fact]
    public async Task Store_PutBackWhileNoSiloRan_IsFoundOutAndRestoredFromTheArchive()
    {
        await _chain.AppendManyAsync("e", 5);
        var signed = await _chain.Grain.CheckpointAsync(5);
        _chain.PutBack(2);
        await _cluster.RestartAllAsync();

        var refused = await _chain.AppendAsync("new");
        var state = await _chain.Grain.StateAsync();
        var repair = await _chain.Grain.RepairAsync(null);
        var receipt = Assert.Single((await _chain.AppendAsync("new")).Receipts);
        var known = Assert.Single((await _chain.AppendAsync("e4")).Receipts);

        Assert.Equal(AuditAppendOutcome.Frozen, refused.Outcome);
        Assert.Contains($"{signed!.Size} entries are archived, and its store holds 2", state.Fault, StringComparison.Ordinal);
        Assert.Equal((2, signed.Size), (state.Head.Size, state.Archived));
        Assert.Equal((AuditRepairOutcome.Restored, signed.Size, 0), (repair.Outcome, repair.Size, repair.GivenUp));
        Assert.Equal(4, known.Seq);
        // Behind the record of the repair, which stands where the chain went on.
        Assert.Equal(signed.Size + 1, receipt.Seq);
        Assert.StartsWith("gatehouse:repaired:", IdAt(signed.Size), StringComparison.Ordinal);
        _chain.AssertOneChain();
        Assert.NotNull(await _chain.Grain.CheckpointAsync(_chain.Stored.End.Size));
    }

    [Fact]
    public async Task Store_ThatWentOnFromAnotherPast_IsFrozen_AndGivesUpOnlyWhatItIsTold()
    {
        await _chain.AppendManyAsync("e", 5);
        var signed = await _chain.Grain.CheckpointAsync(5);
        _chain.PutBack(3);
        // By a version of the product that knows of no archive, say.
        for (var i = 0; i < 6; i++)
        {
            var (next, entries) = _chain.Next($"other{i}");
            _chain.Stored.Write(entries);
            _chain.Stored.End = next;
        }

        await _cluster.RestartAllAsync();

        var refused = await _chain.AppendAsync("new");
        var asked = await _chain.Grain.RepairAsync(null);
        var wrong = await _chain.Grain.RepairAsync(signed!.Size - 1);
        var repair = await _chain.Grain.RepairAsync(signed.Size);

        Assert.Equal(AuditAppendOutcome.Frozen, refused.Outcome);
        Assert.Equal((AuditRepairOutcome.WouldGiveUp, signed.Size, 9 - signed.Size), (asked.Outcome, asked.Size, asked.GivenUp));
        Assert.Equal(AuditRepairOutcome.WouldGiveUp, wrong.Outcome);
        Assert.Equal((AuditRepairOutcome.Restored, 9 - signed.Size), (repair.Outcome, repair.GivenUp));
        Assert.Single((await _chain.AppendAsync("new")).Receipts);
        // Those of the other past name nothing any more.
        Assert.Equal(AuditAppendOutcome.Recorded, (await _chain.AppendManyAsync("other", 6)).Outcome);
        _chain.AssertOneChain();
        Assert.Equal(_cluster.Archive.Of(_chain.Tenant).Entries, _chain.Stored.Entries.Take((int)signed.Size));
    }

    [Fact]
    public async Task Chain_ThatIsSoundAgain_GoesOnAsItStands()
    {
        await _chain.AppendManyAsync("e", 5);
        await _chain.Grain.CheckpointAsync(5);
        await _chain.AppendAsync("unarchived");
        _chain.Stored.Frozen = "somebody looked at it";
        await _cluster.RestartAllAsync();

        Assert.Equal(AuditAppendOutcome.Frozen, (await _chain.AppendAsync("new")).Outcome);
        var repair = await _chain.Grain.RepairAsync(null);

        Assert.Equal((AuditRepairOutcome.Continued, "somebody looked at it"), (repair.Outcome, repair.Fault));
        Assert.Single((await _chain.AppendAsync("new")).Receipts);
        Assert.Contains(_chain.Stored.Entries, entry => AuditEntry.Read(entry).Entry.Id == "unarchived");
        _chain.AssertOneChain();
    }

    [Fact]
    public async Task Event_ThatWasGivenUp_MayBeSentAgain()
    {
        await _chain.AppendManyAsync("e", 5);
        var signed = await _chain.Grain.CheckpointAsync(5);
        await _chain.AppendManyAsync("u", 3);
        _chain.Edit((int)signed!.Size + 1);
        await Assert.ThrowsAnyAsync<Exception>(() => _chain.Grain.CheckpointAsync(signed.Size + 3));

        var repair = await _chain.Grain.RepairAsync(signed.Size);
        var again = await _chain.AppendManyAsync("u", 3);

        Assert.Equal((AuditRepairOutcome.Restored, 3), (repair.Outcome, repair.GivenUp));
        Assert.Equal(AuditAppendOutcome.Recorded, again.Outcome);
        _chain.AssertOneChain();
    }

    [Fact]
    public async Task Repair_ThatWouldContradictACheckpoint_IsRefused()
    {
        await _chain.AppendManyAsync("e", 5);
        await _chain.Grain.CheckpointAsync(5);
        var backup = _cluster.Archive.Of(_chain.Tenant).Copy();
        await _chain.AppendManyAsync("f", 5);
        var signed = await _chain.Grain.CheckpointAsync(_chain.Stored.End.Size);
        // The archive is put back, and the store is damaged in what only it has now.
        _cluster.Archive.Replace(_chain.Tenant, backup);
        _chain.Edit((int)backup.End.Size + 1);
        await _cluster.RestartAllAsync();
        await _chain.AppendAsync("g");
        await Assert.ThrowsAnyAsync<Exception>(
            () => _cluster.DriveAsync(_chain.Grain.CheckpointAsync(_chain.Stored.End.Size)));

        var repair = await _chain.Grain.RepairAsync(backup.End.Size);

        Assert.Equal(
            (AuditRepairOutcome.WouldContradict, signed!.Size, backup.End.Size),
            (repair.Outcome, repair.SignedSize, repair.Size));
        Assert.Equal(AuditAppendOutcome.Frozen, (await _chain.AppendAsync("new")).Outcome);
    }

    [Fact]
    public async Task Repair_WhoseRecordWasNotTaken_IsRecordedAfterwards()
    {
        await _chain.AppendManyAsync("e", 5);
        await _chain.Grain.CheckpointAsync(5);
        _chain.Stored.Frozen = "somebody looked at it";
        await _cluster.RestartAllAsync();
        await _chain.Grain.StateAsync();
        _cluster.Chains.BeforeRepairAnswer = () =>
        {
            // Read by the activation; then every attempt to record fails.
            _cluster.Chains.Faults.Enqueue(null);
            _cluster.Chains.Faults.Enqueue(null);
            for (var attempt = 0; attempt < 4; attempt++)
            {
                _cluster.Chains.Faults.Enqueue((false, new ServiceOverloadedException("redis_unavailable", Applied.No)));
            }
        };

        await Assert.ThrowsAsync<ServiceOverloadedException>(() => _cluster.DriveAsync(_chain.Grain.RepairAsync(null)));
        _cluster.Chains.Faults.Clear();
        var size = _chain.Stored.End.Size;
        var again = await _cluster.DriveAsync(_chain.Grain.RepairAsync(null));

        Assert.Equal(AuditRepairOutcome.Sound, again.Outcome);
        Assert.StartsWith("gatehouse:repaired:", IdAt(size), StringComparison.Ordinal);
        Assert.Null(_chain.Stored.Repair);
        _chain.AssertOneChain();
    }

    [Fact]
    public async Task Repair_ThatTakesLong_IsNotDisturbedByWhoeverElseAsks()
    {
        await _chain.AppendManyAsync("e", 5);
        _chain.Stored.Frozen = "somebody looked at it";
        await _cluster.RestartAllAsync();
        await _chain.Grain.StateAsync();
        (Task<AuditRepair>? other, AuditAppendResult? meanwhile) = (null, null);
        _cluster.Chains.BeforeForgetAll = async () =>
        {
            // Long enough for a frozen chain to be looked at again.
            _cluster.Time.Advance(TimeSpan.FromSeconds(11));
            other = _chain.Grain.RepairAsync(null);
            meanwhile = await _chain.AppendAsync("meanwhile");
        };

        var repair = await _chain.Grain.RepairAsync(null);

        Assert.Equal((AuditRepairOutcome.Continued, AuditRepairOutcome.Sound), (repair.Outcome, (await other!).Outcome));
        Assert.Equal(AuditAppendOutcome.Frozen, meanwhile!.Outcome);
        Assert.Equal(AuditAppendOutcome.Recorded, (await _chain.AppendAsync("meanwhile")).Outcome);
        _chain.AssertOneChain();
    }

    [Fact]
    public async Task Retention_OfAFrozenChain_IsNotSet()
    {
        await _chain.AppendAsync("e");
        _chain.Stored.Frozen = "damaged";
        await _cluster.RestartAllAsync();

        Assert.False(await _chain.Grain.SetRetentionAsync(new AuditRetention(TimeSpan.FromDays(20))));
        Assert.Null(_cluster.Archive.Of(_chain.Tenant).Retention.KeepFor);
    }

    [Fact]
    public async Task Repair_OfASoundChain_DoesNothing()
    {
        await _chain.AppendAsync("e0");

        var repair = await _chain.Grain.RepairAsync(null);

        Assert.Equal((AuditRepairOutcome.Sound, 1), (repair.Outcome, repair.Size));
        Assert.Single(_chain.Stored.Entries);
    }

    [Fact]
    public async Task Entry_ThatWasEditedInTheStore_FreezesTheChainBeforeItIsArchived()
    {
        await _chain.AppendManyAsync("e", 5);
        _chain.Edit(2);

        await Assert.ThrowsAnyAsync<Exception>(() => _chain.Grain.CheckpointAsync(5));

        Assert.Equal(AuditAppendOutcome.Frozen, (await _chain.AppendAsync("new")).Outcome);
        Assert.Contains("do not follow", (await _chain.Grain.StateAsync()).Fault, StringComparison.Ordinal);
        Assert.Null(_chain.Stored.Signed);
        Assert.Empty(_cluster.Archive.Of(_chain.Tenant).Entries);
    }

    [Fact]
    public async Task Segment_ThatTheArchiveHoldsOtherwise_IsNotDropped()
    {
        await _chain.FillAsync(0, 5);
        _cluster.Archive.AfterAppend = kept => kept.Entries[7] = [.. kept.Entries[7].Reverse()];
        await _chain.Grain.CheckpointAsync(5_000);
        await _chain.Grain.KeepUpAsync();

        Assert.Equal(0, _chain.Stored.Dropped);
        var state = await _chain.Grain.StateAsync();
        Assert.Contains("does not hold the 4096 entries from 0", state.Fault, StringComparison.Ordinal);
    }

    private string IdAt(long seq) => AuditEntry.Read(_chain.Stored.Entries[(int)seq]).Entry.Id;
}
