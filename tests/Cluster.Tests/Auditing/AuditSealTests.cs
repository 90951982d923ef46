using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.Abstractions.Tenants;
using Gatehouse.Grains.Auditing;

namespace Gatehouse.Cluster.Tests.Auditing;

/// <summary>Checkpoints: archived first, signed by the active key, published only under the ring that signed.</summary>
public sealed class AuditSealTests(AuditCluster fixture) : IClassFixture<AuditCluster>
{
    private readonly GatehouseCluster _cluster = fixture.Cluster;
    private readonly TestChain _chain = new(fixture.Cluster);

    private IAuditReaderGrain Reader => _cluster.Grains.AuditReader(_chain.Tenant);

    [Fact]
    public async Task Checkpoint_OfAChain_IsSignedByTheActiveKeyAndArchived()
    {
        await _chain.AppendManyAsync("e", 3);

        var signed = await _chain.Grain.CheckpointAsync(3);

        Assert.NotNull(signed);
        await AssertSignedAsync(signed, 1);
        Assert.Equal(_chain.Stored.End.Size, signed.Size);
        Assert.Equal(_chain.Stored.End.Tree.Root(), signed.Root);
        var kept = _cluster.Archive.Of(_chain.Tenant);
        Assert.Equal(_chain.Stored.Entries, kept.Entries);
        Assert.Equal((signed.Size, signed.Note), (kept.Signed!.Size, kept.Signed.Note));
        _chain.AssertOneChain();
    }

    [Fact]
    public async Task Checkpoint_RecordsWhatBecameOfTheKeysOnce()
    {
        await _chain.AppendAsync("e0");
        await _chain.Grain.CheckpointAsync(1);
        var ring = _cluster.Grains.KeyRing(_chain.Tenant);
        await _cluster.DriveAsync(ring.RotateNowAsync(null, "lost", Precondition.Unconditional));
        await _chain.Grain.KeepUpAsync();
        await _chain.AppendAsync("e1");
        await _chain.Grain.CheckpointAsync(_chain.Stored.End.Size);

        var records = _chain.Stored.Entries.Select(entry => AuditEntry.Read(entry).Entry.Id)
            .Where(id => id.StartsWith("gatehouse:key:", StringComparison.Ordinal)).Select(id => id.Split(':'))
            .Select(parts => $"{parts[2]} {parts[4]}");

        Assert.Equal(
            ["v1 created", "v1 activated", "v2 created", "v2 activated", "v1 revoked"],
            records.OrderBy(record => record == "v1 revoked"));
        _chain.AssertOneChain();
    }

    [Fact]
    public async Task Checkpoint_WhoseKeyIsRevokedWhileItIsSigned_IsNotPublished()
    {
        await _chain.AppendAsync("e0");
        _cluster.Chains.BeforePublish = () =>
            _cluster.Grains.KeyRing(_chain.Tenant).RotateNowAsync(null, "lost", Precondition.Unconditional);

        var signed = await _cluster.DriveAsync(_chain.Grain.CheckpointAsync(1));

        Assert.NotNull(signed);
        await AssertSignedAsync(signed, 2);
        Assert.Equal(signed.Note, _chain.Stored.Signed!.Note);
    }

    [Fact]
    public async Task Checkpoint_IsSignedByItselfAfterAWhile()
    {
        await _chain.AppendAsync("e0");

        await _cluster.DriveUntilAsync(() => _chain.Stored.Signed is { Size: >= 1 });

        Assert.True(_chain.Stored.Signed!.SignedAt - AuditEntry.Read(_chain.Stored.Entries[0]).RecordedAt
            <= TimeSpan.FromSeconds(11));
    }

    [Fact]
    public async Task Checkpoint_OfAnIdleChain_IsRenewedByTheSweep()
    {
        await _chain.AppendAsync("e0");
        var first = await _chain.Grain.CheckpointAsync(1);
        _cluster.Time.Advance(TimeSpan.FromMinutes(31));
        await _cluster.RefreshAsync();

        await _cluster.Grains.AuditChains("local").SweepAsync();

        var renewed = await Reader.CheckpointAsync();
        Assert.Equal(first!.Size, renewed!.Size);
        Assert.True(renewed.SignedAt - first.SignedAt >= TimeSpan.FromMinutes(30));
        await AssertSignedAsync(renewed, 1);
    }

    [Fact]
    public async Task Append_WhileTheArchiveIsDown_GoesOn_AndTheCheckpointSaysSo()
    {
        await _chain.AppendAsync("e0");
        _cluster.Archive.IsDown = true;
        try
        {
            var receipt = Assert.Single((await _chain.AppendAsync("e1")).Receipts);
            var refused = await Assert.ThrowsAsync<ServiceOverloadedException>(() => _chain.Grain.CheckpointAsync(2));

            Assert.Equal(1, receipt.Seq);
            Assert.Equal(("archive_unavailable", Applied.No), (refused.Reason, refused.Applied));
        }
        finally
        {
            _cluster.Archive.IsDown = false;
        }

        Assert.NotNull(await _chain.Grain.CheckpointAsync(2));
        _chain.AssertOneChain();
    }

    [Fact]
    public async Task Event_ThatComesWhileACheckpointIsSigned_IsSignedSoon()
    {
        await _chain.AppendManyAsync("e", 5);
        var (reached, gate) = (NewSignal(), NewSignal());
        _cluster.Chains.BeforePublish = () =>
        {
            reached.TrySetResult();
            return gate.Task;
        };
        var sealing = _chain.Grain.CheckpointAsync(5);
        await reached.Task;
        await _chain.AppendAsync("late");
        // Its timer comes while the other one is still under way.
        _cluster.Time.Advance(TimeSpan.FromSeconds(15));
        gate.SetResult();
        await sealing;

        await _cluster.DriveUntilAsync(() => _chain.Stored.Signed!.Size == _chain.Stored.End.Size);
    }

    [Fact]
    public async Task Append_OfATenantWithoutAKey_GoesOnAndIsArchived()
    {
        await _chain.AppendAsync("e");
        await _chain.Grain.CheckpointAsync(1);
        await _cluster.DriveAsync(
            _cluster.Grains.KeyRing(_chain.Tenant).RevokeAsync(1, "lost", Precondition.Unconditional));

        for (var i = 0; i < 25; i++)
        {
            await _chain.AppendManyAsync($"s{i}-", 1_000);
            var size = _chain.Stored.End.Size;
            await _cluster.DriveUntilAsync(() => size - _cluster.Archive.Of(_chain.Tenant).End.Size < 5_000);
        }

        var refused = await Assert.ThrowsAsync<ServiceOverloadedException>(
            () => _chain.Grain.CheckpointAsync(_chain.Stored.End.Size));
        Assert.Equal("audit_no_key", refused.Reason);
        _chain.AssertOneChain();
    }

    [Fact]
    public async Task Append_AfterOneThatFailed_DoesNotWaitForThoseWhoFollowTheChain()
    {
        await _chain.AppendAsync("e");
        var following = _chain.Grain.WaitAsync(1);
        // Not of the store's: nobody knows what became of it, so the activation ends.
        _chain.Stored.Fence++;
        await Assert.ThrowsAsync<ServiceOverloadedException>(() => _chain.AppendAsync("refused"));

        Assert.Equal(1, Assert.Single((await _chain.AppendUntilTakenAsync("next")).Receipts).Seq);
        await following.ContinueWith(_ => { }, TaskScheduler.Default);
    }

    [Fact]
    public async Task Segments_ThatAreArchived_LeaveTheStoreAndAreReadFromTheArchive()
    {
        await FillAsync(9_000);
        await _chain.Grain.CheckpointAsync(9_000);
        await _chain.Grain.KeepUpAsync();

        Assert.Equal(8_192, _chain.Stored.Dropped);
        var read = new List<byte[]>();
        for (long? next = 0; next is { } from;)
        {
            var page = await Reader.ReadAsync(from, 1_000);
            read.AddRange(page.Entries);
            next = page.Next;
        }

        Assert.Equal(_chain.Stored.Entries, read);
        // Sent again, although its entry left the store.
        var again = Assert.Single((await _chain.AppendAsync("s3-17")).Receipts);
        Assert.Equal("s3-17", AuditEntry.Read(_chain.Stored.Entries[(int)again.Seq]).Entry.Id);
        await _cluster.RestartAllAsync();
        Assert.Equal(again.Seq, Assert.Single((await _chain.AppendAsync("s3-17")).Receipts).Seq);
        _chain.AssertOneChain();
    }

    [Fact]
    public async Task Event_SentAgainThatOnlyTheArchiveHas_WaitsForItAlone()
    {
        await FillAsync(5_000);
        await _chain.Grain.CheckpointAsync(5_000);
        await _chain.Grain.KeepUpAsync();
        _cluster.Archive.IsDown = true;
        try
        {
            _cluster.Chains.Stop();
            var first = _chain.AppendAsync("one");
            var (again, other) = (_chain.AppendAsync("s0-1"), _chain.AppendAsync("other"));
            await _chain.ArriveAsync(8);
            _cluster.Chains.Continue();

            await Assert.ThrowsAsync<ServiceOverloadedException>(() => again);
            Assert.Equal(AuditAppendOutcome.Recorded, (await first).Outcome);
            Assert.Equal(AuditAppendOutcome.Recorded, (await other).Outcome);
        }
        finally
        {
            _cluster.Archive.IsDown = false;
        }
    }

    [Fact]
    public async Task Ids_OfEntriesThatAreOldAndArchived_AreForgotten()
    {
        await FillAsync(5_000);
        await _chain.Grain.CheckpointAsync(5_000);
        await _chain.Grain.KeepUpAsync();
        Assert.Equal((4_096, 0), (_chain.Stored.Dropped, _chain.Stored.Forgotten));
        _cluster.Time.Advance(TimeSpan.FromHours(25));
        await _cluster.RefreshAsync();

        await _chain.Grain.KeepUpAsync();

        Assert.Equal(4_096, _chain.Stored.Forgotten);
        var size = _chain.Stored.End.Size;
        Assert.Equal(size, Assert.Single((await _chain.AppendAsync("s0-0")).Receipts).Seq);
        Assert.True(Assert.Single((await _chain.AppendAsync("s4-999")).Receipts).Seq < size);
    }

    [Fact]
    public async Task Append_BeyondWhatMayWaitForTheArchive_IsRefusedUntilItIsBack()
    {
        _cluster.Archive.IsDown = true;
        try
        {
            await FillAsync(19_000);

            var refused = await Assert.ThrowsAsync<ServiceOverloadedException>(
                () => _chain.AppendManyAsync("more", 1_000));
            Assert.Equal(("audit_archive_behind", Applied.No), (refused.Reason, refused.Applied));
        }
        finally
        {
            _cluster.Archive.IsDown = false;
        }

        await _chain.Grain.CheckpointAsync(19_000);
        Assert.Equal(1_000, (await _chain.AppendManyAsync("more", 1_000)).Receipts.Count);
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Entries with the ids <c>s0-0</c> to <c>sN-999</c>.</summary>
    private async Task FillAsync(int count)
    {
        for (var i = 0; i < count / 1_000; i++)
        {
            await _chain.AppendManyAsync($"s{i}-", 1_000);
        }
    }

    private async Task AssertSignedAsync(AuditCheckpoint signed, int version)
    {
        var ring = await _cluster.Grains.KeyRing(_chain.Tenant).GetAsync(null);
        var key = ring!.Find(version)!;
        var note = SignedNote.Read(signed.Note);
        var checkpoint = Checkpoint.Read(note.Text);
        Assert.Equal($"gatehouse/local/{_chain.Tenant}", checkpoint.Origin);
        Assert.Equal((signed.Size, signed.SignedAt), (checkpoint.Size, checkpoint.SignedAt));
        Assert.Equal(signed.Root, checkpoint.Root);
        Assert.True(new NoteKey(checkpoint.Origin, key.Algorithm, key.PublicKey).Verify(
            note.Text, Assert.Single(note.Signatures)));
    }
}
