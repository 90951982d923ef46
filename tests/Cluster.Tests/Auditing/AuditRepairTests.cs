using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Auditing;

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
        PutBack(2);
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
        PutBack(3);
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
        _chain.Stored.Entries[2] = [.. _chain.Stored.Entries[2].Select(b => b == (byte)'7' ? (byte)'8' : b)];

        await Assert.ThrowsAnyAsync<Exception>(() => _chain.Grain.CheckpointAsync(5));

        Assert.Equal(AuditAppendOutcome.Frozen, (await _chain.AppendAsync("new")).Outcome);
        Assert.Contains("do not follow", (await _chain.Grain.StateAsync()).Fault, StringComparison.Ordinal);
        Assert.Null(_chain.Stored.Signed);
        Assert.Empty(_cluster.Archive.Of(_chain.Tenant).Entries);
    }

    [Fact]
    public async Task Segment_ThatTheArchiveHoldsOtherwise_IsNotDropped()
    {
        for (var i = 0; i < 5; i++)
        {
            await _chain.AppendManyAsync($"s{i}-", 1_000);
        }

        _cluster.Archive.AfterAppend = kept => kept.Entries[7] = [.. kept.Entries[7].Reverse()];
        await _chain.Grain.CheckpointAsync(5_000);
        await _chain.Grain.KeepUpAsync();

        Assert.Equal(0, _chain.Stored.Dropped);
        var state = await _chain.Grain.StateAsync();
        Assert.Contains("does not hold the 4096 entries from 0", state.Fault, StringComparison.Ordinal);
    }

    /// <summary>As a backup from before does.</summary>
    private void PutBack(int size)
    {
        var stored = _chain.Stored;
        stored.Entries.RemoveRange(size, stored.Entries.Count - size);
        stored.End = AuditChain.Adopt(_chain.Tenant, ChainEnd.Empty, stored.Entries)!;
        stored.Signed = null;
        foreach (var id in stored.Ids.Where(id => id.Value >= size).Select(id => id.Key).ToList())
        {
            stored.Ids.Remove(id);
        }
    }

    private string IdAt(long seq) => AuditEntry.Read(_chain.Stored.Entries[(int)seq]).Entry.Id;
}
