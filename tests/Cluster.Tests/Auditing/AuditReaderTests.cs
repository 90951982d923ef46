using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Cluster.Tests.Auditing;

/// <summary>Proofs, searches and verification of chains that are partly archived and partly not.</summary>
public sealed class AuditReaderTests(AuditCluster fixture) : IClassFixture<AuditCluster>
{
    private readonly GatehouseCluster _cluster = fixture.Cluster;
    private readonly TestChain _chain = new(fixture.Cluster);

    private IAuditReaderGrain Reader => _cluster.Grains.AuditReader(_chain.Tenant);

    [Fact]
    public async Task Proof_OfEveryEntry_HoldsForTheCheckpoint()
    {
        await _chain.AppendManyAsync("e", 600);
        await _chain.Grain.CheckpointAsync(600);
        for (var seq = 0; seq < _chain.Stored.End.Size; seq += 7)
        {
            var proof = await Reader.ProveAsync(seq);

            Assert.NotNull(proof);
            Assert.Equal(MerkleTree.Leaf(_chain.Stored.Entries[seq]), proof.LeafHash);
            Assert.True(MerkleProof.VerifyInclusion(
                proof.LeafHash, seq, proof.Checkpoint.Size, proof.Hashes, proof.Checkpoint.Root));
        }

        Assert.Null(await Reader.ProveAsync(_chain.Stored.End.Size));
    }

    [Fact]
    public async Task Proof_OfAnEntryThatIsNotSignedYet_HasItSigned()
    {
        await _chain.AppendAsync("e0");
        await _chain.Grain.CheckpointAsync(1);
        var receipt = Assert.Single((await _chain.AppendAsync("e1")).Receipts);

        var proof = await Reader.ProveAsync(receipt.Seq);

        Assert.Equal(receipt.Seq + 1, proof!.Checkpoint.Size);
    }

    [Fact]
    public async Task Consistency_OfAnyTwoSizes_Holds()
    {
        await _chain.AppendManyAsync("e", 300);
        await _chain.Grain.CheckpointAsync(300);
        var roots = new List<byte[]>();
        for (var size = 0; size <= _chain.Stored.End.Size; size++)
        {
            roots.Add(MerkleFrontier.Empty.Append(_chain.Stored.Entries.Take(size).Select(e => MerkleTree.Leaf(e))).Root());
        }

        foreach (var (first, second) in new[] { (0, 5), (1, 2), (5, 300), (256, 257), (255, 302), (302, 302), (17, 299) })
        {
            var proof = await Reader.ProveConsistencyAsync(first, second);

            Assert.Equal(roots[first], proof!.FirstRoot);
            Assert.Equal(roots[second], proof.SecondRoot);
            Assert.True(MerkleProof.VerifyConsistency(first, second, roots[first], roots[second], proof.Hashes));
        }

        Assert.Null(await Reader.ProveConsistencyAsync(1, 1_000));
    }

    [Fact]
    public async Task Search_FindsWhatIsArchivedAndWhatIsNotYet()
    {
        await _chain.Grain.AppendAsync([.. Enumerable.Range(0, 500).Select(i => Event($"a{i}", $"{i % 5}"))]);
        await _chain.Grain.CheckpointAsync(500);
        await _chain.Grain.AppendAsync([.. Enumerable.Range(0, 500).Select(i => Event($"b{i}", $"{i % 5}"))]);

        var (found, filter) = (new List<string>(), new AuditFilter { ActorId = "3" });
        for (long? next = 0; next is { } from;)
        {
            var page = await Reader.SearchAsync(filter, from, 17);
            found.AddRange(page.Entries.Select(entry => AuditEntry.Read(entry).Entry.Id));
            next = page.Next;
            Assert.InRange(page.Entries.Count, 0, 17);
        }

        Assert.Equal(
            [.. Enumerable.Range(0, 500).Where(i => i % 5 == 3).Select(i => $"a{i}"),
                .. Enumerable.Range(0, 500).Where(i => i % 5 == 3).Select(i => $"b{i}")],
            found);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(0)]
    [InlineData(700)]
    public async Task Verify_OfEntriesThatWereChanged_NamesTheFirst(int seq)
    {
        await _chain.AppendManyAsync("e", 1_000);
        await _chain.Grain.CheckpointAsync(1_000);
        Assert.Null((await VerifyAsync()).Fault);
        var before = _chain.Stored.Entries[seq];

        _chain.Stored.Entries[seq] = [.. before.Select(b => b == (byte)'u' ? (byte)'v' : b)];
        var edited = await VerifyAsync();
        (_chain.Stored.Entries[seq], _chain.Stored.Entries[seq + 1]) = (_chain.Stored.Entries[seq + 1], before);
        var swapped = await VerifyAsync();

        Assert.Equal((seq, "edit", Hex(before)), (edited.Fault!.Seq, edited.Fault.Kind, edited.Fault.Expected));
        Assert.Equal((seq, "reorder"), (swapped.Fault!.Seq, swapped.Fault.Kind));
    }

    [Fact]
    public async Task Verify_OfATreeThatIsNotTheSignedOne_SaysSo()
    {
        await _chain.AppendManyAsync("e", 10);
        var signed = await _chain.Grain.CheckpointAsync(10);
        _chain.Stored.Signed = _chain.Stored.Signed! with { Root = [.. signed!.Root.Reverse()] };

        var verified = await VerifyAsync();

        Assert.Equal("checkpoint", verified.Fault!.Kind);
    }

    [Fact]
    public async Task Pages_AndExports_BeginWithTheFirstEntryThatIsLeft()
    {
        for (var i = 0; i < 9; i++)
        {
            await _chain.AppendManyAsync($"s{i}-", 1_000);
        }

        await _chain.Grain.CheckpointAsync(9_000);
        await _chain.Grain.KeepUpAsync();
        Assert.Equal(8_192, _chain.Stored.Dropped);
        _cluster.Archive.Of(_chain.Tenant).PrunedBefore = 4_096;

        var page = await Reader.ReadAsync(4_090, 100);
        var export = await Reader.ExportAsync(0, null);

        Assert.Equal(_chain.Stored.Entries[4_096..4_196], page.Entries);
        Assert.Equal((4_096, 4_196), (page.PrunedBefore, page.Next));
        Assert.Equal((4_096, _chain.Stored.End.Size), (export!.From, export.To));
        Assert.Equal(4_096, ExportManifest.Read(export.Manifest).From);
    }

    [Fact]
    public async Task Search_WhileEntriesAreArchived_FindsEachOnce()
    {
        await _chain.AppendManyAsync("e", 5);
        await _chain.Grain.CheckpointAsync(5);
        await _chain.AppendManyAsync("f", 5);
        _cluster.Archive.BeforeSearch = () => _chain.Grain.CheckpointAsync(_chain.Stored.End.Size);

        var page = await Reader.SearchAsync(new AuditFilter { Action = "order.refund" }, 0, 100);

        Assert.Equal(10, page.Entries.Count);
        Assert.Equal(10, page.Entries.Select(entry => AuditEntry.Read(entry).Entry.Seq).Distinct().Count());
    }

    [Fact]
    public async Task Verify_OfACheckpointThatNobodySigned_SaysSo()
    {
        await _chain.AppendManyAsync("e", 10);
        await _chain.Grain.CheckpointAsync(10);
        _chain.Stored.Signed = _chain.Stored.Signed! with { Note = _chain.Stored.Signed.Note.Replace('A', 'B') };

        Assert.Equal("checkpoint", (await VerifyAsync()).Fault!.Kind);
    }

    [Fact]
    public async Task Wait_EndsWithTheNextEntry()
    {
        await _chain.AppendAsync("e0");
        var waiting = _chain.Grain.WaitAsync(1);
        Assert.Equal(1, (await _chain.Grain.WaitAsync(0)).Size);

        await _chain.AppendAsync("e1");

        Assert.Equal(2, (await waiting).Size);
    }

    private static string Hex(byte[] entry) => Convert.ToHexStringLower(MerkleTree.Leaf(entry));

    private static AuditEvent Event(string id, string actor) =>
        TestChain.Event(id) with { Actor = new AuditParty("user", actor) };

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
