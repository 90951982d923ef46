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
    private readonly string _tenant = GatehouseCluster.NewName();

    public static TheoryData<bool, bool> Faults { get; } = new()
    {
        { false, false }, { false, true }, { true, true },
    };

    private FakeAuditStore.Chain Stored => _cluster.Chains.Of(_tenant);

    [Fact]
    public async Task Append_ByManyAtOnce_IsOneChainInOrderWithFewStoreCalls()
    {
        _cluster.Chains.Batches.Clear();
        _cluster.Chains.Stop();
        var appends = Enumerable.Range(0, 500).Select(i => AppendAsync($"e{i}")).ToList();
        // Sent behind them on the same way: when it is answered, they have arrived.
        await Chain().HeadAsync();
        _cluster.Chains.Continue();

        var receipts = (await Task.WhenAll(appends)).Select(result => Assert.Single(result.Receipts)).ToList();

        Assert.Equal(Enumerable.Range(0, 500).Select(i => (long)i), receipts.Select(r => r.Seq).Order());
        Assert.InRange(_cluster.Chains.Batches.Count, 1, 5);
        AssertOneChain();
        Assert.All(receipts, receipt => Assert.Equal(
            receipt.Hash, Convert.ToHexStringLower(MerkleTree.Leaf(Stored.Entries[(int)receipt.Seq]))));
    }

    [Fact]
    public async Task Append_OfABatch_KeepsItsOrder()
    {
        var result = await Chain().AppendAsync([.. Enumerable.Range(0, 1_000).Select(i => Event($"e{i}"))]);

        Assert.Equal(Enumerable.Range(0, 1_000).Select(i => $"e{i}"), result.Receipts.Select(receipt => receipt.Id));
        Assert.Equal(Enumerable.Range(0, 1_000).Select(i => (long)i), result.Receipts.Select(receipt => receipt.Seq));
        Assert.All(result.Receipts, receipt => Assert.Equal(1_000, receipt.TreeSize));
        AssertOneChain();
    }

    [Fact]
    public async Task Append_OfAnIdThatIsRecorded_IsAnsweredWithItsPlace()
    {
        var first = Assert.Single((await AppendAsync("e1")).Receipts);
        await AppendAsync("e2");

        var again = await Chain().AppendAsync([Event("e3"), Event("e1")]);

        Assert.Equal((2L, first.Seq), (again.Receipts[0].Seq, again.Receipts[1].Seq));
        Assert.Equal((first.Hash, first.RecordedAt), (again.Receipts[1].Hash, again.Receipts[1].RecordedAt));
        Assert.Equal(3, Stored.Entries.Count);
        AssertOneChain();
    }

    [Fact]
    public async Task Append_OfAnIdWithAnotherContent_RecordsNothingOfThatCall()
    {
        await AppendAsync("e1");

        var reused = await Chain().AppendAsync([Event("e2"), Event("e1") with { Action = "other" }]);
        var within = await Chain().AppendAsync([Event("e3"), Event("e3") with { Action = "other" }]);

        Assert.Equal((AuditAppendOutcome.IdReused, "e1"), (reused.Outcome, reused.ReusedId));
        Assert.Equal((AuditAppendOutcome.IdReused, "e3"), (within.Outcome, within.ReusedId));
        Assert.Single(Stored.Entries);
    }

    [Fact]
    public async Task Append_OfOneIdByManyAtOnce_IsRecordedOnce()
    {
        _cluster.Chains.Stop();
        var appends = Enumerable.Range(0, 20).Select(_ => AppendAsync("e1")).ToList();
        _cluster.Chains.Continue();

        var receipts = (await Task.WhenAll(appends)).Select(result => Assert.Single(result.Receipts).Seq);

        Assert.All(receipts, seq => Assert.Equal(0, seq));
        Assert.Single(Stored.Entries);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Append_WhoseStoreCallFailsOnce_IsRecordedOnce(bool isApplied, bool isUnknown)
    {
        await AppendAsync("e0");
        _cluster.Chains.Faults.Enqueue((isApplied, isUnknown ? Unknown : Refused));

        var receipt = Assert.Single((await DriveAsync(AppendAsync("e1"))).Receipts);

        Assert.Equal(1, receipt.Seq);
        Assert.Equal(2, Stored.Entries.Count);
        AssertOneChain();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Append_WhoseOutcomeStaysUnknown_SaysSoAndIsFoundWhenItIsSentAgain(bool isApplied)
    {
        await AppendAsync("e0");
        _cluster.Chains.Faults.Enqueue((isApplied, Unknown));
        for (var i = 0; i < 3; i++)
        {
            _cluster.Chains.Faults.Enqueue((false, Refused));
        }

        var lost = await Assert.ThrowsAsync<ServiceOverloadedException>(() => DriveAsync(AppendAsync("e1")));
        var again = Assert.Single((await AppendAsync("e1")).Receipts);

        Assert.Equal(("redis_unavailable", Applied.Unknown), (lost.Reason, lost.Applied));
        Assert.Equal(1, again.Seq);
        Assert.Equal(2, Stored.Entries.Count);
        AssertOneChain();
    }

    [Fact]
    public async Task Append_OfAnActivationThatWasTakenOver_IsRefusedAndTheNextOneRecords()
    {
        await AppendAsync("e0");
        Stored.Fence++;

        var refused = await Assert.ThrowsAsync<ServiceOverloadedException>(() => AppendAsync("e1"));
        var next = Assert.Single((await AppendAsync("e1")).Receipts);

        Assert.Equal(("audit_fenced", Applied.No), (refused.Reason, refused.Applied));
        Assert.Equal(1, next.Seq);
        AssertOneChain();
    }

    [Fact]
    public async Task Chain_ThatAnotherWriterMovedOn_IsReadAnewAndGoesOn()
    {
        await AppendAsync("e0");
        var (next, entries) = AuditChain.Append(_tenant, Stored.End, [Event("other")], _cluster.Time.GetUtcNow());
        Stored.Write(entries);
        Stored.End = next;

        var receipt = Assert.Single((await AppendAsync("e1")).Receipts);

        Assert.Equal(2, receipt.Seq);
        AssertOneChain();
    }

    [Fact]
    public async Task Entries_BeyondTheEnd_AreTakenInByTheNextActivation()
    {
        await AppendAsync("e0");
        var (_, entries) = AuditChain.Append(_tenant, Stored.End, [Event("torn")], _cluster.Time.GetUtcNow());
        // As a crash in the middle of a script leaves it: the entry is there, the end is not.
        Stored.Write(entries);
        await _cluster.RestartAllAsync();

        var again = Assert.Single((await AppendAsync("torn")).Receipts);
        var receipt = Assert.Single((await AppendAsync("e1")).Receipts);

        Assert.Equal((1L, 2L), (again.Seq, receipt.Seq));
        AssertOneChain();
    }

    [Fact]
    public async Task Chain_WhoseStoreLostEntries_IsFrozenAndNeverForks()
    {
        await AppendAsync("e0");
        await AppendAsync("e1");
        Stored.Entries.RemoveAt(1);
        await _cluster.RestartAllAsync();

        var refused = await AppendAsync("e2");
        var head = await Chain().HeadAsync();

        Assert.Equal(AuditAppendOutcome.Frozen, refused.Outcome);
        Assert.True(head.IsFrozen);
        Assert.Single(Stored.Entries);
        Assert.Single((await Chain().ReadAsync(0, 10)).Entries);
    }

    [Fact]
    public async Task Append_WhileTooManyWait_IsRefused()
    {
        // One call is on its way to the store, ten fill the queue, one is too many.
        _cluster.Chains.Stop();
        var appends = Enumerable.Range(0, 12)
            .Select(i => Chain().AppendAsync([.. Enumerable.Range(0, 1_000).Select(j => Event($"e{i}-{j}"))])).ToList();
        var refused = await await Task.WhenAny(appends.Select(async append =>
            await Assert.ThrowsAsync<ServiceOverloadedException>(() => append)));
        _cluster.Chains.Continue();

        Assert.Equal(("audit_queue_full", Applied.No), (refused.Reason, refused.Applied));
        var recorded = await Task.WhenAll(appends.Where(append => !append.IsFaulted));
        Assert.Equal(11, recorded.Length);
        Assert.Equal(11_000, Stored.Entries.Count);
        AssertOneChain();
    }

    [Fact]
    public async Task Read_AnswersWhatIsStoredAndUpToWhere()
    {
        await Chain().AppendAsync([.. Enumerable.Range(0, 250).Select(i => Event($"e{i}"))]);

        var page = await Chain().ReadAsync(100, 120);
        var beyond = await Chain().ReadAsync(1_000, 10);

        Assert.Equal(Stored.Entries.Skip(100).Take(120), page.Entries);
        Assert.Equal((250L, Stored.End.Hash), (page.Head.Size, page.Head.Hash));
        Assert.Empty(beyond.Entries);
    }

    [Fact]
    public async Task Tenants_HaveChainsOfTheirOwn()
    {
        var other = GatehouseCluster.NewName();

        await AppendAsync("e1");
        var receipt = Assert.Single((await _cluster.Grains.AuditChain(other).AppendAsync([Event("e1")])).Receipts);

        Assert.Equal((0L, AuditEntry.Genesis), (receipt.Seq, receipt.PrevHash));
        Assert.NotEqual(Stored.End.Hash, receipt.Hash);
    }

    private IAuditChainGrain Chain() => _cluster.Grains.AuditChain(_tenant);

    private Task<AuditAppendResult> AppendAsync(string id) => Chain().AppendAsync([Event(id)]);

    /// <summary>Moves time on, which the back-off waits for, until the call has ended.</summary>
    private async Task<T> DriveAsync<T>(Task<T> call)
    {
        while (!call.IsCompleted)
        {
            _cluster.Time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.WhenAny(call, Task.Delay(1));
        }

        return await call;
    }

    private void AssertOneChain()
    {
        var whole = AuditChain.Adopt(_tenant, ChainEnd.Empty, Stored.Entries);
        Assert.NotNull(whole);
        Assert.Equal((Stored.End.Size, Stored.End.Hash), (whole.Size, whole.Hash));
        Assert.Equal(Stored.End.Tree.Root(), whole.Tree.Root());
        var ids = Stored.Entries.Select(bytes => AuditEntry.Read(bytes).Entry.Id).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
    }

    private static AuditEvent Event(string id) => new()
    {
        Id = id,
        Actor = new AuditParty("user", "7"),
        Action = "order.refund",
        Outcome = AuditOutcome.Success,
    };
}

/// <summary>One cluster for all of them; each has a tenant of its own.</summary>
public sealed class AuditCluster : IAsyncLifetime
{
    public GatehouseCluster Cluster { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Cluster = await GatehouseCluster.StartAsync(silos: 2);

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();
}
