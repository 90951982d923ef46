using System.Text;
using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Auditing;
using Gatehouse.Grains.Auditing.Archive;
using Gatehouse.Grains.SigningKeys;
using Gatehouse.Grains.Storage;

namespace Gatehouse.Chaos.Tests.Auditing;

/// <summary>
/// The scripts behind checkpoints, and those that take archived entries out of the store, on both kinds of store.
/// </summary>
public class SealedChainStoreTests
{
    private const string Tenant = "acme";
    private const int Segment = RedisAuditStore.SegmentSize;
    private static readonly DateTimeOffset Now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Checkpoint_IsReadBackByTheNextOwner(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var chains = New(store);
        var (fence, end) = await FillAsync(chains, 3);
        var ring = await RingAsync(store, KeyRingState.Empty);

        Assert.Null(await chains.CheckpointAsync(Tenant));
        Assert.Equal(PublishOutcome.Done, await chains.PublishAsync(Tenant, fence, Head(end, "one"), ring));

        var opened = await chains.OpenAsync(Tenant);
        foreach (var head in new[] { await chains.CheckpointAsync(Tenant), opened.Signed })
        {
            Assert.Equal((3L, "one\n\n— x\n", Now), (head!.Size, head.Note, head.SignedAt));
            Assert.Equal(end.Tree.Root(), head.Root);
        }

        Assert.Equal(ChainRecords.Recorded(ring), opened.KeysRecorded);
        Assert.Equal(3, await chains.SizeAsync(Tenant));
        Assert.Equal([Tenant], await chains.TenantsAsync());
        Assert.Null(await chains.CheckpointAsync("other"));
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Checkpoint_OfAnOlderRingOrOwnerOrTree_IsRefused(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var chains = New(store);
        var (fence, end) = await FillAsync(chains, 3);
        var first = await RingAsync(store, KeyRingState.Empty);
        var second = await RingAsync(store, first);
        await chains.PublishAsync(Tenant, fence, Head(end, "good"), second);

        var stale = await chains.PublishAsync(Tenant, fence, Head(end, "stale"), first);
        var sameEpoch = await chains.PublishAsync(Tenant, fence, Head(end, "stamp"), second with { Stamp = "another" });
        var behind = await chains.PublishAsync(Tenant, fence, Head(end, "long") with { Size = 4 }, second);
        var older = await chains.PublishAsync(Tenant, fence, Head(end, "short") with { Size = 2 }, second);
        await chains.OpenAsync(Tenant);
        var fenced = await chains.PublishAsync(Tenant, fence, Head(end, "fenced"), second);

        Assert.Equal(
            [PublishOutcome.StaleKey, PublishOutcome.StaleKey, PublishOutcome.Behind, PublishOutcome.Older,
                PublishOutcome.Fenced],
            [stale, sameEpoch, behind, older, fenced]);
        Assert.StartsWith("good", (await chains.CheckpointAsync(Tenant))!.Note, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Segment_IsDroppedOnlyAsItIsAndByItsOwner(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var chains = New(store);
        var (fence, _) = await FillAsync(chains, (2 * Segment) + 5);
        var first = await chains.ReadAsync(Tenant, 0, Segment);
        byte[] other = [.. first[0].Reverse()];

        Assert.False(await chains.DropAsync(Tenant, fence, 0, other, first[^1]));
        Assert.False(await chains.DropAsync(Tenant, fence, 0, first[0], other));
        Assert.False(await chains.DropAsync(Tenant, fence - 1, 0, first[0], first[^1]));
        Assert.False(await chains.DropAsync(Tenant, fence, Segment, first[0], first[^1]));
        Assert.True(await chains.DropAsync(Tenant, fence, 0, first[0], first[^1]));
        Assert.False(await chains.DropAsync(Tenant, fence, 0, first[0], first[^1]));

        Assert.Empty(await chains.ReadAsync(Tenant, 0, 10));
        Assert.Equal(10, (await chains.ReadAsync(Tenant, Segment, 10)).Count);
        var opened = await chains.OpenAsync(Tenant);
        Assert.Equal((Segment, (2 * Segment) + 5L, 0L), (opened.Dropped, opened.Stored, opened.Forgotten));
        // The chain goes on as before.
        var (next, entries) = Append(opened.End, 3, "more");
        Assert.Equal(
            StoreOutcome.Done, (await chains.AppendAsync(Tenant, opened.Fence, opened.End, next, entries)).Outcome);
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Ids_AreKnownUntilTheyAreForgotten_AndMayBeRemembered(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var chains = New(store);
        var (fence, end) = await FillAsync(chains, 10);
        var entries = (await chains.ReadAsync(Tenant, 0, 4)).Select(bytes => AuditEntry.Read(bytes).Entry).ToList();
        async Task<StoreOutcome> SendAgainAsync()
        {
            var (next, again) = Append(end, 1, "b0-");
            var answer = await chains.AppendAsync(Tenant, fence, end, next, again);
            end = answer.Outcome is StoreOutcome.Done ? next : end;
            return answer.Outcome;
        }

        Assert.Equal(StoreOutcome.Known, await SendAgainAsync());
        Assert.False(await chains.ForgetAsync(Tenant, fence - 1, 0, 4, entries));
        Assert.False(await chains.ForgetAsync(Tenant, fence, 1, 5, entries));
        Assert.Equal(StoreOutcome.Known, await SendAgainAsync());
        Assert.True(await chains.ForgetAsync(Tenant, fence, 0, 4, entries));
        Assert.False(await chains.RememberAsync(Tenant, fence - 1, entries));
        Assert.True(await chains.RememberAsync(Tenant, fence, entries));
        Assert.Equal(StoreOutcome.Known, await SendAgainAsync());
        // Those of deleted entries: the mark stays.
        Assert.True(await chains.ForgetAsync(Tenant, fence, 4, 4, entries));
        Assert.Equal(new HeldRange(0, 4), await chains.HeldAsync(Tenant));
        Assert.Equal(StoreOutcome.Done, await SendAgainAsync());
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Ids_AreMadeAnewByARepair_AndTheChainIsFrozenMeanwhile(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var chains = New(store);
        var (fence, end) = await FillAsync(chains, 10);
        var entries = (await chains.ReadAsync(Tenant, 0, 10)).Select(bytes => AuditEntry.Read(bytes).Entry).ToList();
        // The event of place 3 was sent again as place 8, once it was known no more.
        entries[8] = entries[8] with { Id = entries[3].Id };
        async Task<StoreAnswer> SendAgainAsync()
        {
            var (next, again) = Append(end, 10, "b0-");
            return await chains.AppendAsync(Tenant, fence, end, next, again);
        }

        Assert.False(await chains.ForgetAllAsync(Tenant, fence - 1, "not mine"));
        Assert.Equal(10, (await SendAgainAsync()).Known.Count);
        Assert.True(await chains.ForgetAllAsync(Tenant, fence, "damaged"));
        Assert.Equal(StoreOutcome.Frozen, (await SendAgainAsync()).Outcome);
        Assert.Equal(0, await store.Admin.HashLengthAsync(RedisAuditStore.IdsOf(Tenant)));
        Assert.True(await chains.RememberAsync(Tenant, fence, entries[6..]));
        Assert.True(await chains.RememberAsync(Tenant, fence, entries[2..6]));
        Assert.True(await chains.UnfreezeAsync(Tenant, fence, 2, new ChainRepair(10, 0, "damaged", Now)));

        Assert.Equal([2, 8, 4, 5, 6, 7, 9], (await SendAgainAsync()).Known.OrderBy(id => id.Key).Select(id => id.Value));
        // The id of place 3 names a later entry.
        Assert.True(await chains.ForgetAsync(Tenant, fence, 2, 4, [entries[2], entries[3]]));
        Assert.Equal(
            [8, 4, 5, 6, 7, 9], (await SendAgainAsync()).Known.OrderBy(id => id.Key).Select(id => id.Value));
        var opened = await chains.OpenAsync(Tenant);
        Assert.Equal((null, 4L), (opened.Frozen, opened.Forgotten));
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Restore_PutsTheEndBackAndLeavesNothingBehindIt(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var chains = New(store);
        var (fence, _) = await FillAsync(chains, (2 * Segment) + 100);
        Assert.False(await chains.FreezeAsync(Tenant, fence - 1, "not mine"));
        Assert.True(await chains.FreezeAsync(Tenant, fence, "damaged"));
        Assert.True(await chains.FreezeAsync(Tenant, fence, "damaged, too"));
        Assert.True(await chains.ForgetAllAsync(Tenant, fence, "repaired"));
        var kept = await chains.ReadAsync(Tenant, 0, Segment + 7);
        var end = AuditChain.Adopt(Tenant, ChainEnd.Empty, kept)!;
        var last = kept.Skip(Segment).Select(bytes => AuditEntry.Read(bytes).Entry).ToList();

        var repair = new ChainRepair(end.Size, 93, "damaged", Now);
        Assert.False(await chains.RestoreAsync(Tenant, fence - 1, end, 0, last, repair));
        Assert.True(await chains.RestoreAsync(Tenant, fence, end, 0, last, repair));

        var opened = await chains.OpenAsync(Tenant);
        Assert.Equal((end.Size, end.Hash, end.Size, Segment, null),
            (opened.End.Size, opened.End.Hash, opened.Stored, (int)opened.Dropped, opened.Frozen));
        Assert.Equal(kept.Skip(Segment), await chains.ReadAsync(Tenant, Segment, 100));
        Assert.False(await store.Admin.KeyExistsAsync(RedisAuditStore.SegmentOf(Tenant, 0)));
        Assert.False(await store.Admin.KeyExistsAsync(RedisAuditStore.SegmentOf(Tenant, 2)));
        Assert.Equal(repair, opened.Repair);
        // One that is given up may be sent again.
        var (next, entries) = Append(end, 2, "b8-");
        Assert.Equal(StoreOutcome.Done, (await chains.AppendAsync(Tenant, opened.Fence, end, next, entries)).Outcome);
        await chains.RepairRecordedAsync(Tenant);
        Assert.Null((await chains.OpenAsync(Tenant)).Repair);
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Freeze_IsUpToTheOwner_AndKeepsItsFirstReason(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var chains = New(store);
        var (fence, end) = await FillAsync(chains, 3);

        Assert.False(await chains.FreezeAsync(Tenant, fence - 1, "another one's"));
        Assert.Null((await chains.OpenAsync(Tenant)).Frozen);
        fence++;
        Assert.True(await chains.FreezeAsync(Tenant, fence, "first"));
        Assert.True(await chains.FreezeAsync(Tenant, fence, "second"));
        var (next, entries) = Append(end, 1, "more");
        Assert.Equal(StoreOutcome.Frozen, (await chains.AppendAsync(Tenant, fence, end, next, entries)).Outcome);
        Assert.Equal("first", (await chains.OpenAsync(Tenant)).Frozen);
        var repair = new ChainRepair(3, 0, "first", Now);
        Assert.False(await chains.UnfreezeAsync(Tenant, fence, 0, repair));
        Assert.True(await chains.UnfreezeAsync(Tenant, fence + 1, 0, repair));
        Assert.Equal((null, repair), ((await chains.OpenAsync(Tenant)).Frozen, (await chains.OpenAsync(Tenant)).Repair));
    }

    private static RedisAuditStore New(Store store) => new(store.Redis, new NoStoreCommit());

    private static SignedHead Head(ChainEnd end, string text) => new(end.Size, end.Tree.Root(), Now, $"{text}\n\n— x\n");

    private static async Task<(long Fence, ChainEnd End)> FillAsync(RedisAuditStore chains, int count)
    {
        var (fence, end) = ((await chains.OpenAsync(Tenant)).Fence, ChainEnd.Empty);
        for (var batch = 0; end.Size < count; batch++)
        {
            var (next, entries) = Append(end, (int)Math.Min(1_000, count - end.Size), $"b{batch}-");
            Assert.Equal(StoreOutcome.Done, (await chains.AppendAsync(Tenant, fence, end, next, entries)).Outcome);
            end = next;
        }

        return (fence, end);
    }

    private static async Task<KeyRingState> RingAsync(Store store, KeyRingState before)
    {
        var next = before with
        {
            Epoch = before.Epoch + 1,
            Stamp = Convert.ToHexStringLower(Encoding.UTF8.GetBytes($"{before.Epoch}")),
            ChangedAt = Now,
        };
        Assert.True(await new RedisKeyRingStore(store.Redis, new NoStoreCommit()).ReplaceAsync(Tenant, before, next));
        return next;
    }

    private static (ChainEnd Next, IReadOnlyList<AuditEntry> Entries) Append(ChainEnd end, int count, string prefix) =>
        AuditChain.Append(Tenant, end, [.. Enumerable.Range(0, count).Select(i => new AuditEvent
        {
            Id = $"{prefix}{i}",
            Actor = new AuditParty("user", "7"),
            Action = "order.refund",
            Outcome = AuditOutcome.Success,
        })], Now);
}
