using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;

namespace Gatehouse.Cluster.Tests.Auditing;

/// <summary>Old segments are deleted, after a signed record of it; never under a legal hold.</summary>
public sealed class AuditRetentionTests(AuditCluster fixture) : IClassFixture<AuditCluster>
{
    private readonly GatehouseCluster _cluster = fixture.Cluster;
    private readonly TestChain _chain = new(fixture.Cluster);

    private FakeAuditArchive.Kept Kept => _cluster.Archive.Of(_chain.Tenant);

    private IAuditReaderGrain Reader => _cluster.Grains.AuditReader(_chain.Tenant);

    [Fact]
    public async Task Entries_ThatAreOlderThanTheyAreKept_AreDeletedAfterASignedRecord()
    {
        await FillAsync();
        await _chain.Grain.SetRetentionAsync(new AuditRetention(TimeSpan.FromDays(30)));
        await PassAsync(TimeSpan.FromDays(29));
        Assert.Equal(0, Kept.PrunedBefore);

        await PassAsync(TimeSpan.FromDays(2));

        Assert.Equal(4_096, Kept.PrunedBefore);
        var record = _chain.Stored.Entries.Index()
            .Single(entry => AuditEntry.Read(entry.Item).Entry.Id == $"gatehouse:pruned:0-4096:{TimeSpan.FromDays(30).Ticks}");
        Assert.True(Kept.Signed!.Size > record.Index, "The record is not under a checkpoint.");
        var page = await Reader.ReadAsync(10, 10);
        Assert.Equal(4_096, page.PrunedBefore);
        Assert.Equal(_chain.Stored.Entries[4_096], page.Entries[0]);
        var across = await Reader.ReadAsync(4_090, 10);
        Assert.Equal((4_096, 4_106), (across.PrunedBefore, across.Next));
        Assert.Equal(_chain.Stored.Entries[4_096..4_106], across.Entries);
        // Their hashes stay: what is left is still provable, and so is what was deleted.
        Assert.NotNull(await Reader.ProveAsync(5));
        Assert.NotNull(await Reader.ProveAsync(4_500));
        var verified = await VerifyAsync();
        Assert.Equal((null, 4_096), (verified.Fault, verified.From));
        _chain.AssertOneChain();
    }

    [Fact]
    public async Task Entries_UnderALegalHold_StayUntilItIsLifted()
    {
        await FillAsync();
        await _chain.Grain.SetRetentionAsync(new AuditRetention(TimeSpan.FromDays(30), IsHeld: true, "case 17"));
        await PassAsync(TimeSpan.FromDays(60));
        Assert.Equal(0, Kept.PrunedBefore);

        await _chain.Grain.SetRetentionAsync(new AuditRetention(TimeSpan.FromDays(30)));
        await PassAsync(TimeSpan.FromHours(1));

        Assert.Equal(4_096, Kept.PrunedBefore);
        var records = _chain.Stored.Entries.Select(entry => System.Text.Encoding.UTF8.GetString(entry))
            .Where(entry => entry.Contains("audit.retention_set", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, records.Count);
        Assert.Contains("\"legalHold\":true,\"reason\":\"case 17\"", records[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hold_ThatComesBetweenTheRecordAndTheDeletion_Wins()
    {
        await FillAsync();
        await _chain.Grain.SetRetentionAsync(new AuditRetention(TimeSpan.FromDays(30)));
        await PassAsync(TimeSpan.FromDays(29));
        _cluster.Time.Advance(TimeSpan.FromDays(2));
        await _cluster.RefreshAsync();
        _cluster.Archive.AfterAppend = kept => kept.Retention = kept.Retention with { IsHeld = true };

        await _chain.Grain.KeepUpAsync();

        Assert.Equal(0, Kept.PrunedBefore);
        _chain.AssertOneChain();
    }

    [Fact]
    public async Task Deletion_AfterAHoldAndAnotherRule_IsRecordedAnew()
    {
        await FillAsync();
        await _chain.Grain.SetRetentionAsync(new AuditRetention(TimeSpan.FromDays(30)));
        _cluster.Archive.AfterAppend = kept => kept.Retention = kept.Retention with { IsHeld = true };
        await PassAsync(TimeSpan.FromDays(31));
        Assert.Equal(0, Kept.PrunedBefore);

        await _chain.Grain.SetRetentionAsync(new AuditRetention(TimeSpan.FromDays(20)));
        await PassAsync(TimeSpan.FromHours(1));

        Assert.Equal(4_096, Kept.PrunedBefore);
        _chain.AssertOneChain();
    }

    [Fact]
    public async Task Id_OfAnEntryThatWasDeleted_IsKnownNoMore()
    {
        await FillAsync();
        await _chain.Grain.SetRetentionAsync(new AuditRetention(TimeSpan.FromDays(30)));
        await PassAsync(TimeSpan.FromDays(31));
        Assert.Equal(4_096, Kept.PrunedBefore);
        // As a repair left it once: the id of the last entry that was deleted, beside one that is still there.
        _chain.Stored.Ids["s4-95"] = 4_095;
        var size = _chain.Stored.End.Size;
        // Its entry is read, and then what was deleted is not answered: whoever sends it waits for the archive alone.
        _cluster.Archive.Faults.Enqueue(null);
        _cluster.Archive.Faults.Enqueue((false, new ServiceOverloadedException("archive_unavailable", Applied.No)));

        var refused = await Assert.ThrowsAsync<ServiceOverloadedException>(() => _chain.AppendAsync("s4-95"));
        var receipts = (await _chain.Grain.AppendAsync([TestChain.Event("s4-95"), TestChain.Event("s4-96")])).Receipts;
        var again = Assert.Single((await _chain.AppendAsync("s4-95")).Receipts);

        Assert.Equal("archive_unavailable", refused.Reason);
        Assert.Equal([size, 4_096], receipts.Select(receipt => receipt.Seq));
        Assert.Equal((size, 4_096), (again.Seq, _chain.Stored.Forgotten));
        // Sealed, so that nothing of it comes into the archive while another test watches that.
        await _chain.Grain.KeepUpAsync();
        Assert.Null(_chain.Stored.Frozen);
    }

    private async Task FillAsync()
    {
        for (var i = 0; i < 5; i++)
        {
            await _chain.AppendManyAsync($"s{i}-", 1_000);
        }

        await _chain.Grain.CheckpointAsync(5_000);
        await _chain.Grain.KeepUpAsync();
    }

    private async Task PassAsync(TimeSpan time)
    {
        await _cluster.AdvanceAsync(time);
        await _chain.Grain.KeepUpAsync();
    }

    private async Task<AuditVerification> VerifyAsync()
    {
        var progress = AuditVerification.Of(0, null);
        while (!progress.IsDone)
        {
            progress = await Reader.VerifyAsync(progress);
        }

        return progress;
    }
}
