using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;

namespace Gatehouse.Cluster.Tests.Auditing;

/// <summary>A chain that was taken over, torn, lost in part or put back: repaired or frozen, never forked.</summary>
public sealed class AuditDamageTests(AuditCluster fixture) : IClassFixture<AuditCluster>
{
    private readonly GatehouseCluster _cluster = fixture.Cluster;
    private readonly TestChain _chain = new(fixture.Cluster);

    [Fact]
    public async Task Append_OfAnActivationThatWasTakenOver_IsRefusedAndTheNextOneRecords()
    {
        await _chain.AppendAsync("e0");
        _chain.Stored.Fence++;

        var refused = await Assert.ThrowsAsync<ServiceOverloadedException>(() => _chain.AppendAsync("e1"));
        var next = Assert.Single((await _chain.AppendUntilTakenAsync("e1")).Receipts);

        Assert.Equal(("audit_fenced", Applied.No), (refused.Reason, refused.Applied));
        Assert.Equal(1, next.Seq);
        _chain.AssertOneChain();
    }

    [Fact]
    public async Task Chain_ThatAnotherWriterMovedOn_IsReadAnewAndGoesOn()
    {
        await _chain.AppendAsync("e0");
        var (next, entries) = _chain.Next("other");
        _chain.Stored.Write(entries);
        _chain.Stored.End = next;

        var receipt = Assert.Single((await _chain.AppendAsync("e1")).Receipts);

        Assert.Equal(2, receipt.Seq);
        _chain.AssertOneChain();
    }

    [Fact]
    public async Task Entries_BeyondTheEnd_AreTakenInByTheNextActivation()
    {
        await _chain.AppendAsync("e0");
        var (_, entries) = _chain.Next("torn");
        // As a crash in the middle of a script leaves it: the entry is there, the end is not.
        _chain.Stored.Entries.Add(entries[0].Bytes);
        await _cluster.RestartAllAsync();

        var again = Assert.Single((await _chain.AppendAsync("torn")).Receipts);
        var receipt = Assert.Single((await _chain.AppendAsync("e1")).Receipts);

        Assert.Equal((1L, 2L), (again.Seq, receipt.Seq));
        _chain.AssertOneChain();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Store_ThatComesBackWithoutWhatItAcknowledged_IsFoundOut(bool archiveIsDown)
    {
        await _chain.AppendManyAsync("e", 5);
        // As in a fail-over: the commit is given up, and then another server answers, which has less.
        for (var attempt = 0; attempt < 4; attempt++)
        {
            _cluster.Chains.Faults.Enqueue((false, new ServiceOverloadedException("redis_unavailable", Applied.No)));
        }

        await Assert.ThrowsAsync<ServiceOverloadedException>(() => _cluster.DriveAsync(_chain.AppendAsync("n0")));
        _chain.PutBack(3);
        _cluster.Archive.IsDown = archiveIsDown;
        try
        {
            var result = await _cluster.DriveAsync(_chain.AppendUntilTakenAsync("n1"));

            Assert.Equal((AuditAppendOutcome.Frozen, 3L), (result.Outcome, _chain.Stored.End.Size));
        }
        finally
        {
            _cluster.Archive.IsDown = false;
        }
    }

    [Fact]
    public async Task Chain_WhoseStoreLostEntries_IsFrozenAndNeverForks()
    {
        await _chain.AppendAsync("e0");
        await _chain.AppendAsync("e1");
        _chain.Stored.Entries.RemoveAt(1);
        await _cluster.RestartAllAsync();

        var refused = await _chain.AppendAsync("e2");
        var head = await _chain.Grain.HeadAsync();

        Assert.Equal(AuditAppendOutcome.Frozen, refused.Outcome);
        Assert.True(head.IsFrozen);
        Assert.Single(_chain.Stored.Entries);
        Assert.Single((await _chain.Grain.ReadAsync(0, 10)).Entries);
    }

    [Fact]
    public async Task Chain_WhoseStoreWentBack_IsFrozenAndStaysSo()
    {
        await _chain.AppendAsync("e0");
        var (end, ids) = (_chain.Stored.End, _chain.Stored.Ids.ToList());
        await _chain.AppendAsync("e1");
        // Consistent, and of another past: as after a fail-over to a replica that had not heard of the last event.
        _chain.Stored.Entries.RemoveAt(1);
        _chain.Stored.Ids.Remove("e1");
        _chain.Stored.End = end;

        var refused = await _chain.AppendAsync("e2");
        await _cluster.RestartAllAsync();
        var still = await _chain.AppendAsync("e3");

        Assert.Equal([KeyValuePair.Create("e0", 0L)], ids);
        Assert.Equal((AuditAppendOutcome.Frozen, AuditAppendOutcome.Frozen), (refused.Outcome, still.Outcome));
        Assert.Single(_chain.Stored.Entries);
        // Mended by an operator, and found out within seconds.
        _chain.Stored.Frozen = null;
        _cluster.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(1, Assert.Single((await _chain.AppendAsync("e4")).Receipts).Seq);
    }

    [Fact]
    public async Task Entry_ThatIsMissingInTheMiddle_IsNotTakenForTheEnd()
    {
        await _chain.AppendAsync("e0");
        await _chain.AppendAsync("e1");
        await _chain.AppendAsync("e2");
        _chain.Stored.Entries.RemoveRange(1, 2);

        var page = await _chain.Grain.ReadAsync(0, 10);

        Assert.Equal((1, true, 3L), (page.Entries.Count, page.Head.IsFrozen, page.Head.Size));
    }

    [Fact]
    public async Task Append_ThatIsGivenUp_LeavesNobodyWaiting()
    {
        await _chain.AppendAsync("e0");
        _cluster.Chains.Stop();
        _chain.Stored.Fence++;
        var appends = Enumerable.Range(0, 5)
            .Select(i => _chain.AppendManyAsync($"e{i}-", 900)).ToList();
        await _chain.ArriveAsync(6);
        _cluster.Chains.Continue();

        foreach (var append in appends)
        {
            var refused = await Assert.ThrowsAsync<ServiceOverloadedException>(() => append);
            Assert.Equal(("audit_fenced", Applied.No), (refused.Reason, refused.Applied));
        }

        Assert.Equal(1, Assert.Single((await _chain.AppendUntilTakenAsync("e1")).Receipts).Seq);
    }
}
