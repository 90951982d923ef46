using System.Data.Common;
using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Auditing;
using Gatehouse.Grains.Auditing.Archive;

namespace Gatehouse.Chaos.Tests.Auditing;

/// <summary>What the archive keeps, and that it keeps one beginning of each chain and never another.</summary>
public class ArchiveTests(PostgresServer postgres, ITestOutputHelper log) : IClassFixture<PostgresServer>
{
    private const string Tenant = "acme";
    private const int Segment = 4096;

    public static TheoryData<string> Kinds => TestArchive.Kinds;

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Append_IsReadBackAsItWasAndSafeToRepeat(string kind)
    {
        await using var test = await TestArchive.CreateAsync(kind, postgres);
        var archive = test.Open();
        Assert.Equal(ArchivedChain.Empty, await archive.ReadChainAsync(Tenant));
        var (first, entries) = TestArchive.Compose(Tenant, ChainEnd.Empty, 300);
        var (second, more) = TestArchive.Compose(Tenant, first, 5);

        Assert.True(await archive.AppendAsync(Tenant, ChainEnd.Empty, first, entries, []));
        Assert.True(await archive.AppendAsync(Tenant, ChainEnd.Empty, first, entries, []));
        Assert.True(await test.Open().AppendAsync(Tenant, first, second, more, []));
        Assert.True(await archive.AppendAsync(Tenant, first, second, more, []));

        var chain = await archive.ReadChainAsync(Tenant);
        Assert.Equal((305L, second.Hash), (chain.End.Size, chain.End.Hash));
        Assert.Equal(second.Tree.Root(), chain.End.Tree.Root());
        Assert.Equal([.. entries, .. more], await archive.ReadAsync(Tenant, 0, 1000));
        Assert.Equal([.. entries.Skip(298), more[0]], await archive.ReadAsync(Tenant, 298, 3));
        Assert.Empty(await archive.ReadAsync(Tenant, 305, int.MaxValue));
        Assert.Empty(await archive.ReadAsync(Tenant, long.MaxValue, 10));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Append_ToAnotherEnd_WritesNothing(string kind)
    {
        await using var test = await TestArchive.CreateAsync(kind, postgres);
        var archive = test.Open();
        var (end, entries) = TestArchive.Compose(Tenant, ChainEnd.Empty, 2);
        var (later, more) = TestArchive.Compose(Tenant, end, 1);
        var (fork, forked) = TestArchive.Compose(Tenant, ChainEnd.Empty, 2, "fork");
        var (beside, branch) = TestArchive.Compose(Tenant, fork, 1);

        Assert.False(await archive.AppendAsync(Tenant, end, later, more, []));
        Assert.Equal(0, await test.CountAsync("chains"));
        Assert.True(await archive.AppendAsync(Tenant, ChainEnd.Empty, end, entries, []));
        Assert.False(await archive.AppendAsync(Tenant, ChainEnd.Empty, fork, forked, [new AuditTile(0, 0, [1])]));
        Assert.False(await archive.AppendAsync(Tenant, fork, beside, branch, []));

        Assert.Equal(entries, await archive.ReadAsync(Tenant, 0, 10));
        Assert.Equal(0, await test.CountAsync("tiles"));
        await Assert.ThrowsAsync<ArgumentException>(() => archive.AppendAsync(Tenant, end, later, forked, []));
        await Assert.ThrowsAsync<ArgumentException>(() => archive.AppendAsync("other", end, later, more, []));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Append_ByManyAtOnce_IsDoneByExactlyOne(string kind)
    {
        await using var test = await TestArchive.CreateAsync(kind, postgres);
        var end = ChainEnd.Empty;
        for (var round = 0; round < 10; round++)
        {
            var before = end;
            var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(async i =>
            {
                var (next, entries) = TestArchive.Compose(Tenant, before, 20, $"w{i}-");
                return (next, Done: await test.Open().AppendAsync(Tenant, before, next, entries, []));
            }));
            end = Assert.Single(answers, answer => answer.Done).next;
        }

        Assert.Equal(end.Hash, (await test.Open().ReadChainAsync(Tenant)).End.Hash);
        var whole = await test.Open().ReadAsync(Tenant, 0, 1000);
        Assert.Equal(end.Hash, AuditChain.Adopt(Tenant, ChainEnd.Empty, whole)!.Hash);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Fork_PastTheComparison_IsRefusedByTheTableItself(string kind)
    {
        await using var test = await TestArchive.CreateAsync(kind, postgres);
        var archive = test.Open();
        var (end, entries) = TestArchive.Compose(Tenant, ChainEnd.Empty, 2);
        var (fork, forked) = TestArchive.Compose(Tenant, ChainEnd.Empty, 2, "fork");
        await archive.AppendAsync(Tenant, ChainEnd.Empty, end, entries, []);
        var genesis = await test.ExecuteAsync($"UPDATE chains SET size = 0, hash = {Zeros(kind, 32)}");

        Assert.Equal(1, genesis);
        Assert.False(await archive.AppendAsync(Tenant, ChainEnd.Empty, fork, forked, []));
        Assert.Equal(entries, await archive.ReadAsync(Tenant, 0, 10));
        const string columns = "recorded_at, actor_type, actor_id, action, outcome, bytes";
        await Assert.ThrowsAnyAsync<DbException>(() => test.ExecuteAsync($"""
            INSERT INTO entries (chain_id, seq, prev_hash, hash, {columns})
            SELECT chain_id, 9, prev_hash, hash, {columns} FROM entries WHERE seq = 1
            """));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Chains_OfTwoTenantsAndTwoRegions_NeverMeet(string kind)
    {
        await using var test = await TestArchive.CreateAsync(kind, postgres);
        (string Region, string Tenant)[] chains = [("eu", "acme"), ("us", "acme"), ("eu", "other"), ("us", "other")];
        foreach (var (region, tenant) in chains)
        {
            var (next, entries) = TestArchive.Compose(tenant, ChainEnd.Empty, 3, $"{region}-{tenant}-");
            var archive = test.Open(region);
            Assert.True(await archive.AppendAsync(tenant, ChainEnd.Empty, next, entries, [new AuditTile(0, 0, [1])]));
            Assert.True(await archive.SignAsync(tenant, Head(next)));
            await archive.SetRetentionAsync(tenant, new AuditRetention(null, IsHeld: (region, tenant) != ("us", "acme")));
        }

        Assert.False(await test.Open("eu").PruneAsync("acme", 2));
        Assert.True(await test.Open("us").PruneAsync("acme", 2));

        foreach (var (region, tenant) in chains)
        {
            var archive = test.Open(region);
            var (_, entries) = TestArchive.Compose(tenant, ChainEnd.Empty, 3, $"{region}-{tenant}-");
            var kept = (region, tenant) == ("us", "acme") ? entries.Skip(2) : entries;
            Assert.Equal(kept, await archive.ReadAsync(tenant, 0, 10));
            Assert.Equal(kept, await archive.SearchAsync(tenant, new AuditFilter { ActorId = "7" }, 0, 10));
            Assert.Single(await archive.ReadTilesAsync(tenant, [(0, 0)]));
        }

        Assert.Equal(ArchivedChain.Empty, await test.Open("asia").ReadChainAsync("acme"));
        Assert.Empty(await test.Open("asia").SearchAsync("acme", new AuditFilter(), 0, 10));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Tiles_AreReplacedWithWhatIsAppended(string kind)
    {
        await using var test = await TestArchive.CreateAsync(kind, postgres);
        var archive = test.Open();
        var (end, entries) = TestArchive.Compose(Tenant, ChainEnd.Empty, 2);
        var (next, more) = TestArchive.Compose(Tenant, end, 2);

        await archive.AppendAsync(Tenant, ChainEnd.Empty, end, entries, [new(0, 0, [1, 2]), new(1, 0, [9])]);
        await archive.AppendAsync(Tenant, end, next, more, [new(0, 0, [1, 2, 3]), new(0, 1L << 40, [4])]);

        var asked = Enumerable.Range(0, 1_500).Select(i => (i % 3, (long)i / 3)).Append((0, 1L << 40)).ToList();
        Assert.Equal(
            [(0, 0, "010203"), (1, 0, "09"), (0, 1L << 40, "04")],
            (await archive.ReadTilesAsync(Tenant, asked)).Select(tile =>
                (tile.Level, tile.Index, Convert.ToHexStringLower(tile.Hashes))));
        Assert.Empty(await archive.ReadTilesAsync(Tenant, []));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Sign_OnlyForwardAndOnlyOfWhatIsArchived(string kind)
    {
        await using var test = await TestArchive.CreateAsync(kind, postgres);
        var archive = test.Open();
        var (end, entries) = TestArchive.Compose(Tenant, ChainEnd.Empty, 2);
        var (next, more) = TestArchive.Compose(Tenant, end, 2);

        Assert.False(await archive.SignAsync(Tenant, Head(end)));
        Assert.True(await archive.SignAsync(Tenant, Head(ChainEnd.Empty)));
        await archive.AppendAsync(Tenant, ChainEnd.Empty, end, entries, []);
        Assert.False(await archive.SignAsync(Tenant, Head(next)));
        Assert.True(await archive.SignAsync(Tenant, Head(end)));
        Assert.True(await archive.SignAsync(Tenant, Head(end) with { Note = "again" }));
        Assert.Equal("again", (await archive.ReadChainAsync(Tenant)).Signed!.Note);
        await archive.AppendAsync(Tenant, end, next, more, []);
        Assert.False(await archive.SignAsync(Tenant, Head(end)));
        Assert.True(await archive.SignAsync(Tenant, Head(next)));

        var signed = (await archive.ReadChainAsync(Tenant)).Signed!;
        Assert.Equal((4L, TestArchive.Now, "note 4 é"), (signed.Size, signed.SignedAt, signed.Note));
        Assert.Equal(next.Tree.Root(), signed.Root);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Prune_KeepsHashesAndWhatIsHeldOrNotArchived(string kind)
    {
        await using var test = await TestArchive.CreateAsync(kind, postgres);
        var archive = test.Open();
        var (end, entries) = TestArchive.Compose(Tenant, ChainEnd.Empty, 10);
        var held = new AuditRetention(TimeSpan.FromDays(400), IsHeld: true, "case 7");
        await archive.SetRetentionAsync(Tenant, held);
        await archive.AppendAsync(Tenant, ChainEnd.Empty, end, entries, [new(0, 0, [1])]);

        Assert.False(await archive.PruneAsync(Tenant, 4));
        var untouched = await archive.ReadChainAsync(Tenant);
        Assert.Equal((0L, held), (untouched.PrunedBefore, untouched.Retention));
        await archive.SetRetentionAsync(Tenant, held with { IsHeld = false, HoldReason = null });
        Assert.False(await archive.PruneAsync(Tenant, 11));
        Assert.False(await archive.PruneAsync("nobody", 1));
        Assert.True(await archive.PruneAsync(Tenant, 4));
        Assert.True(await archive.PruneAsync(Tenant, 3));

        var chain = await archive.ReadChainAsync(Tenant);
        Assert.Equal((4L, 10L, end.Hash), (chain.PrunedBefore, chain.End.Size, chain.End.Hash));
        Assert.Equal(entries.Skip(4), await archive.ReadAsync(Tenant, 0, 100));
        Assert.Single(await archive.ReadTilesAsync(Tenant, [(0, 0)]));
        var (next, more) = TestArchive.Compose(Tenant, end, 1);
        Assert.True(await archive.AppendAsync(Tenant, end, next, more, []));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Row_ThatIsNoChain_IsSaidToBeDamaged(string kind)
    {
        await using var test = await TestArchive.CreateAsync(kind, postgres);
        var archive = test.Open();
        var (end, entries) = TestArchive.Compose(Tenant, ChainEnd.Empty, 3);
        await archive.AppendAsync(Tenant, ChainEnd.Empty, end, entries, []);
        await archive.SignAsync(Tenant, Head(end));

        foreach (var damage in new[]
        {
            $"frontier = {Zeros(kind, 5)}", $"hash = {Zeros(kind, 31)}", "signed_at = 999999999999999999",
        })
        {
            await test.ExecuteAsync($"UPDATE chains SET {damage}");
            var refusal = await Assert.ThrowsAsync<ServiceOverloadedException>(() => archive.ReadChainAsync(Tenant));
            Assert.Equal(("archive_damaged", Applied.No), (refusal.Reason, refusal.Applied));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Append_OfASegment_TakesWellUnderASecond(string kind)
    {
        await using var test = await TestArchive.CreateAsync(kind, postgres);
        var archive = test.Open();
        var (end, times) = (ChainEnd.Empty, new List<double>());
        for (var i = 0; i < 5; i++)
        {
            var (next, entries) = TestArchive.Compose(Tenant, end, Segment);
            var tiles = Enumerable.Range(0, 17).Select(tile => new AuditTile(tile / 16, tile, new byte[8192])).ToList();
            var began = TimeProvider.System.GetTimestamp();
            Assert.True(await archive.AppendAsync(Tenant, end, next, entries, tiles));
            times.Add(TimeProvider.System.GetElapsedTime(began).TotalMilliseconds);
            end = next;
        }

        // The first one makes the schema.
        log.WriteLine($"{kind}: {string.Join(", ", times.Select(time => $"{time:F0} ms"))}");
        // A bound for a machine that does other things too.
        Assert.True(times.Skip(1).Min() < 1_000);
    }

    private static SignedHead Head(ChainEnd end) =>
        new(end.Size, end.Tree.Root(), TestArchive.Now, $"note {end.Size} é");

    private static string Zeros(string kind, int count) =>
        kind == "sqlite" ? $"zeroblob({count})" : $"decode(repeat('00', {count}), 'hex')";

    [Fact]
    public async Task File_OfSqlite_IsForItsUserAlone()
    {
        using var folder = new TempFolder();
        var file = Path.Combine(folder.Path, "audit.db");
        using var database = new SqliteArchive($"Data Source={file}", TimeSpan.FromSeconds(5));

        await (await database.OpenAsync(CancellationToken.None)).DisposeAsync();

        // Elsewhere a folder's rights are inherited, and the operator's.
        Assert.True(OperatingSystem.IsWindows()
            || File.GetUnixFileMode(file) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }
}
