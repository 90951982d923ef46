using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Auditing;
using Gatehouse.Grains.Storage;

namespace Gatehouse.Chaos.Tests.Auditing;

/// <summary>The scripts of the audit chains, on both kinds of store.</summary>
public class AuditStoreTests
{
    private const string Tenant = "acme";
    private static readonly DateTimeOffset Now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Append_IsReadBackAndSafeToRepeat(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var chains = New(store);
        var opened = await chains.OpenAsync(Tenant);
        var (next, entries) = Append(ChainEnd.Empty, 3);

        Assert.Equal(StoreOutcome.Done, (await chains.AppendAsync(Tenant, opened.Fence, ChainEnd.Empty, next, entries)).Outcome);
        Assert.Equal(StoreOutcome.Done, (await chains.AppendAsync(Tenant, opened.Fence, ChainEnd.Empty, next, entries)).Outcome);

        Assert.Equal(entries.Select(entry => entry.Bytes), await chains.ReadAsync(Tenant, 0, 10));
        var again = await chains.OpenAsync(Tenant);
        Assert.Equal((opened.Fence + 1, 3L, 3L, next.Hash), (again.Fence, again.Stored, again.End.Size, again.End.Hash));
        Assert.Equal(next.Tree.Root(), again.End.Tree.Root());
        Assert.Equal(0, (await chains.OpenAsync("other")).Stored);
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Append_ToAnotherEndOrByAnotherOwnerOrOfKnownIds_WritesNothing(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var chains = New(store);
        var fence = (await chains.OpenAsync(Tenant)).Fence;
        var (end, entries) = Append(ChainEnd.Empty, 2);
        await chains.AppendAsync(Tenant, fence, ChainEnd.Empty, end, entries);

        var (fork, forked) = Append(ChainEnd.Empty, 1, "fork");
        var (more, known) = Append(end, 2, "new");
        known = [known[0], known[1] with { Id = entries[1].Id }];
        var mismatch = await chains.AppendAsync(Tenant, fence, ChainEnd.Empty, fork, forked);
        var recorded = await chains.AppendAsync(Tenant, fence, end, more, known);
        var later = (await chains.OpenAsync(Tenant)).Fence;
        var (good, fresh) = Append(end, 1, "fresh");
        var fenced = await chains.AppendAsync(Tenant, fence, end, good, fresh);

        Assert.Equal(StoreOutcome.Mismatch, mismatch.Outcome);
        Assert.Equal((StoreOutcome.Known, 1L), (recorded.Outcome, Assert.Single(recorded.Known).Value));
        Assert.Equal(1, recorded.Known.Keys.Single());
        Assert.Equal(StoreOutcome.Fenced, fenced.Outcome);
        Assert.Equal(2, (await chains.ReadAsync(Tenant, 0, 10)).Count);
        Assert.Equal(StoreOutcome.Done, (await chains.AppendAsync(Tenant, later, end, good, fresh)).Outcome);
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Append_AcrossSegments_IsOneChain(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var chains = New(store);
        var fence = (await chains.OpenAsync(Tenant)).Fence;
        var end = ChainEnd.Empty;
        for (var batch = 0; batch < 5; batch++)
        {
            var (next, entries) = Append(end, 1_000, $"b{batch}-");
            Assert.Equal(StoreOutcome.Done, (await chains.AppendAsync(Tenant, fence, end, next, entries)).Outcome);
            end = next;
        }

        var opened = await chains.OpenAsync(Tenant);
        var whole = new List<byte[]>();
        while (whole.Count < 5_000)
        {
            whole.AddRange(await chains.ReadAsync(Tenant, whole.Count, 700));
        }

        Assert.Equal((5_000L, 5_000L, end.Hash), (opened.Stored, opened.End.Size, opened.End.Hash));
        Assert.Equal(end.Hash, AuditChain.Adopt(Tenant, ChainEnd.Empty, whole)!.Hash);
        Assert.Equal(2, (await chains.ReadAsync(Tenant, 4_095, 2)).Count);
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Append_WithScriptsFlushed_Works(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var chains = New(store);
        var fence = (await chains.OpenAsync(Tenant)).Fence;
        var (end, entries) = Append(ChainEnd.Empty, 1);
        await chains.AppendAsync(Tenant, fence, ChainEnd.Empty, end, entries);

        await store.Admin.ExecuteAsync("SCRIPT", "FLUSH");
        var (next, more) = Append(end, 1, "more");

        Assert.Equal(StoreOutcome.Done, (await chains.AppendAsync(Tenant, fence, end, next, more)).Outcome);
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Entries_BeyondTheEnd_AreSeenRefusedAndTakenInByRepair(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var chains = New(store);
        var fence = (await chains.OpenAsync(Tenant)).Fence;
        var (end, entries) = Append(ChainEnd.Empty, 1);
        await chains.AppendAsync(Tenant, fence, ChainEnd.Empty, end, entries);
        var (repaired, torn) = Append(end, 2, "torn");
        foreach (var entry in torn)
        {
            await store.Admin.ListRightPushAsync(RedisAuditStore.SegmentOf(Tenant, 0), entry.Bytes);
        }

        var (next, more) = Append(end, 1, "more");
        var corrupt = await chains.AppendAsync(Tenant, fence, end, next, more);
        var opened = await chains.OpenAsync(Tenant);
        var done = await chains.RepairAsync(Tenant, opened.Fence, opened.End, repaired, torn);
        var late = await chains.RepairAsync(Tenant, opened.Fence, opened.End, repaired, torn);

        Assert.Equal((StoreOutcome.Corrupt, 3L, 1L), (corrupt.Outcome, opened.Stored, opened.End.Size));
        Assert.Equal((StoreOutcome.Done, StoreOutcome.Fenced), (done.Outcome, late.Outcome));
        var (after, last) = Append(repaired, 1, "torn");
        var known = await chains.AppendAsync(Tenant, opened.Fence, repaired, after, last);
        Assert.Equal((StoreOutcome.Known, 1L), (known.Outcome, known.Known[0]));
    }

    private static RedisAuditStore New(Store store) => new(store.Redis, new NoStoreCommit());

    private static (ChainEnd Next, IReadOnlyList<AuditEntry> Entries) Append(ChainEnd end, int count, string prefix = "e") =>
        AuditChain.Append(Tenant, end, [.. Enumerable.Range(0, count).Select(i => new AuditEvent
        {
            Id = $"{prefix}{i}",
            Actor = new AuditParty("user", "7"),
            Action = "order.refund",
            Outcome = AuditOutcome.Success,
        })], Now);
}
