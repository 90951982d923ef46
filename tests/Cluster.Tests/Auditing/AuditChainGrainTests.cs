using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Auditing;

namespace Gatehouse.Cluster.Tests.Auditing;

/// <summary>The grain of a chain: every acknowledged event once, in one chain, whatever the store does.</summary>
public sealed class AuditChainGrainTests(AuditCluster fixture) : IClassFixture<AuditCluster>
{
    private static readonly ServiceOverloadedException Unknown = new("redis_timeout", Applied.Unknown);
    private static readonly ServiceOverloadedException Refused = new("redis_unavailable", Applied.No);

    private readonly GatehouseCluster _cluster = fixture.Cluster;
    private readonly TestChain _chain = new(fixture.Cluster);

    public static TheoryData<bool, bool> Faults { get; } = new()
    {
        { false, false }, { false, true }, { true, true },
    };

    [Fact]
    public async Task Append_ByManyAtOnce_IsOneChainInOrderWithFewStoreCalls()
    {
        _cluster.Chains.Batches.Clear();
        _cluster.Chains.Stop();
        var appends = Enumerable.Range(0, 500).Select(i => _chain.AppendAsync($"e{i}")).ToList();
        await _chain.ArriveAsync(500);
        _cluster.Chains.Continue();

        var receipts = (await Task.WhenAll(appends)).Select(result => Assert.Single(result.Receipts)).ToList();

        Assert.Equal(Enumerable.Range(0, 500).Select(i => (long)i), receipts.Select(r => r.Seq).Order());
        Assert.InRange(_cluster.Chains.Batches.Count, 1, 5);
        _chain.AssertOneChain();
        Assert.All(receipts, receipt => Assert.Equal(
            receipt.Hash, Convert.ToHexStringLower(MerkleTree.Leaf(_chain.Stored.Entries[(int)receipt.Seq]))));
    }

    [Fact]
    public async Task Append_OfABatch_KeepsItsOrder()
    {
        var result = await _chain.Grain.AppendAsync([.. Enumerable.Range(0, 1_000).Select(i => TestChain.Event($"e{i}"))]);

        Assert.Equal(Enumerable.Range(0, 1_000).Select(i => $"e{i}"), result.Receipts.Select(receipt => receipt.Id));
        Assert.Equal(Enumerable.Range(0, 1_000).Select(i => (long)i), result.Receipts.Select(receipt => receipt.Seq));
        Assert.All(result.Receipts, receipt => Assert.Equal(1_000, receipt.TreeSize));
        _chain.AssertOneChain();
    }

    [Fact]
    public async Task Append_OfAnIdThatIsRecorded_IsAnsweredWithItsPlace()
    {
        var first = Assert.Single((await _chain.AppendAsync("e1")).Receipts);
        await _chain.AppendAsync("e2");

        var again = await _chain.Grain.AppendAsync([TestChain.Event("e3"), TestChain.Event("e1")]);

        Assert.Equal((2L, first.Seq), (again.Receipts[0].Seq, again.Receipts[1].Seq));
        Assert.Equal((first.Hash, first.RecordedAt), (again.Receipts[1].Hash, again.Receipts[1].RecordedAt));
        Assert.Equal(3, _chain.Stored.Entries.Count);
        _chain.AssertOneChain();
    }

    [Fact]
    public async Task Append_OfAnIdWithAnotherContent_RecordsNothingOfThatCall()
    {
        await _chain.AppendAsync("e1");

        var reused = await _chain.Grain.AppendAsync([TestChain.Event("e2"), TestChain.Event("e1") with { Action = "other" }]);
        var within = await _chain.Grain.AppendAsync([TestChain.Event("e3"), TestChain.Event("e3") with { Action = "other" }]);

        Assert.Equal((AuditAppendOutcome.IdReused, "e1"), (reused.Outcome, reused.ReusedId));
        Assert.Equal((AuditAppendOutcome.IdReused, "e3"), (within.Outcome, within.ReusedId));
        Assert.Single(_chain.Stored.Entries);
    }

    [Fact]
    public async Task Append_OfOneIdByManyAtOnce_IsRecordedOnce()
    {
        _cluster.Chains.Stop();
        var appends = Enumerable.Range(0, 20).Select(_ => _chain.AppendAsync("e1")).ToList();
        _cluster.Chains.Continue();

        var receipts = (await Task.WhenAll(appends)).Select(result => Assert.Single(result.Receipts).Seq);

        Assert.All(receipts, seq => Assert.Equal(0, seq));
        Assert.Single(_chain.Stored.Entries);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Append_WhoseStoreCallFailsOnce_IsRecordedOnce(bool isApplied, bool isUnknown)
    {
        await _chain.AppendAsync("e0");
        _cluster.Chains.Faults.Enqueue((isApplied, isUnknown ? Unknown : Refused));

        var receipt = Assert.Single((await _cluster.DriveAsync(_chain.AppendAsync("e1"))).Receipts);

        Assert.Equal(1, receipt.Seq);
        Assert.Equal(2, _chain.Stored.Entries.Count);
        _chain.AssertOneChain();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Append_WhoseOutcomeStaysUnknown_SaysSoAndIsFoundWhenItIsSentAgain(bool isApplied)
    {
        await _chain.AppendAsync("e0");
        _cluster.Chains.Faults.Enqueue((isApplied, Unknown));
        for (var i = 0; i < 3; i++)
        {
            _cluster.Chains.Faults.Enqueue((false, Refused));
        }

        var lost = await Assert.ThrowsAsync<ServiceOverloadedException>(() => _cluster.DriveAsync(_chain.AppendAsync("e1")));
        var again = Assert.Single((await _chain.AppendUntilTakenAsync("e1")).Receipts);

        Assert.Equal(("redis_unavailable", Applied.Unknown), (lost.Reason, lost.Applied));
        Assert.Equal(1, again.Seq);
        Assert.Equal(2, _chain.Stored.Entries.Count);
        _chain.AssertOneChain();
    }

    [Fact]
    public async Task Append_OfOneIdWithTwoContentsByTwoCallers_LetsTheStoreDecide()
    {
        await _chain.AppendAsync("e1");
        await _chain.AppendAsync("before");
        _cluster.Chains.Stop();
        var first = _chain.AppendAsync("first");
        var wrong = _chain.Grain.AppendAsync([TestChain.Event("e1") with { Action = "other" }]);
        var right = _chain.AppendAsync("e1");
        await _chain.ArriveAsync(5);
        _cluster.Chains.Continue();

        Assert.Equal(AuditAppendOutcome.IdReused, (await wrong).Outcome);
        Assert.Equal(0, Assert.Single((await right).Receipts).Seq);
        Assert.Equal(2, Assert.Single((await first).Receipts).Seq);
    }

    [Fact]
    public async Task Append_WhileTooManyWait_IsRefused()
    {
        // One call is on its way to the store, ten fill the queue, one is too many.
        _cluster.Chains.Stop();
        var appends = Enumerable.Range(0, 12)
            .Select(i => _chain.AppendManyAsync($"e{i}-", 1_000)).ToList();
        var refused = await await Task.WhenAny(appends.Select(async append =>
            await Assert.ThrowsAsync<ServiceOverloadedException>(() => append)));
        _cluster.Chains.Continue();

        Assert.Equal(("audit_queue_full", Applied.No), (refused.Reason, refused.Applied));
        var recorded = await Task.WhenAll(appends.Where(append => !append.IsFaulted));
        Assert.Equal(11, recorded.Length);
        Assert.Equal(11_000, _cluster.Chains.Now(_chain.Tenant).Entries.Count(
            entry => AuditEntry.Read(entry).Entry.Id[0] == 'e'));
        _chain.AssertOneChain();
    }

    [Fact]
    public async Task Read_AnswersWhatIsStoredAndUpToWhere()
    {
        await _chain.Grain.AppendAsync([.. Enumerable.Range(0, 250).Select(i => TestChain.Event($"e{i}"))]);

        var page = await _chain.Grain.ReadAsync(100, 120);
        var beyond = await _chain.Grain.ReadAsync(1_000, 10);

        Assert.Equal(_chain.Stored.Entries.Skip(100).Take(120), page.Entries);
        Assert.Equal((250L, _chain.Stored.End.Hash), (page.Head.Size, page.Head.Hash));
        Assert.Empty(beyond.Entries);
    }

    [Fact]
    public async Task Tenants_HaveChainsOfTheirOwn()
    {
        var other = GatehouseCluster.NewName();

        await _chain.AppendAsync("e1");
        var receipt = Assert.Single((await _cluster.Grains.AuditChain(other).AppendAsync([TestChain.Event("e1")])).Receipts);

        Assert.Equal((0L, AuditEntry.Genesis), (receipt.Seq, receipt.PrevHash));
        Assert.NotEqual(_chain.Stored.End.Hash, receipt.Hash);
    }
}
