using System.Collections.Concurrent;
using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Auditing;
using Gatehouse.Grains.Auditing.Archive;
using Microsoft.Data.Sqlite;

namespace Gatehouse.Chaos.Tests.Auditing;

/// <summary>What the archive says when its database does not answer, and that it has kept what it said it kept.</summary>
public class ArchiveFaultTests(PostgresServer postgres, ITestOutputHelper log) : IClassFixture<PostgresServer>
{
    private const string Tenant = "acme";
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);
    // A thread may come late on a machine that does other things too.
    private static readonly TimeSpan Promised = Timeout + TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(30);

    [Theory]
    [MemberData(nameof(TestArchive.Kinds), MemberType = typeof(TestArchive))]
    public async Task Migration_ByFourAtOnce_IsDoneOnce(string kind)
    {
        await using var test = await TestArchive.CreateAsync(kind, postgres);
        var silos = Enumerable.Range(0, 4).Select(_ => test.Open()).ToList();

        var chains = await Task.WhenAll(silos.Select(silo => silo.ReadChainAsync(Tenant)));

        Assert.All(chains, chain => Assert.Equal(ArchivedChain.Empty, chain));
        Assert.Equal(1, await test.CountAsync("schema_versions"));
    }

    [Theory]
    [MemberData(nameof(TestArchive.Kinds), MemberType = typeof(TestArchive))]
    public async Task Schema_OfANewerProgram_IsRefusedUntilItIsGone(string kind)
    {
        await using var test = await TestArchive.CreateAsync(kind, postgres);
        var (end, entries) = TestArchive.Compose(Tenant, ChainEnd.Empty, 2);
        await test.Open().AppendAsync(Tenant, ChainEnd.Empty, end, entries, []);
        await test.ExecuteAsync("INSERT INTO schema_versions (version, applied_at) VALUES (999, 0)");
        var archive = test.Open();

        foreach (var call in new Func<Task>[]
        {
            () => archive.ReadChainAsync(Tenant), () => archive.PruneAsync(Tenant, 1),
            () => archive.SearchAsync(Tenant, new AuditFilter(), 0, 1),
        })
        {
            var refusal = await Assert.ThrowsAsync<ServiceOverloadedException>(call);
            Assert.Equal(("archive_newer_schema", Applied.No), (refusal.Reason, refusal.Applied));
        }

        await archive.PingAsync(CancellationToken.None);
        await test.ExecuteAsync("DELETE FROM schema_versions WHERE version = 999");
        Assert.Equal(2, (await archive.ReadAsync(Tenant, 0, 10)).Count);
    }

    [Theory]
    [InlineData("stopped")]
    [InlineData("killed")]
    public async Task Server_ThatDoesNotAnswer_IsSaidInTimeAndUsedAgainWhenItIsBack(string fault)
    {
        await using var test = await TestArchive.CreateAsync("postgres", postgres, Timeout);
        var (used, unused) = (test.Open(), test.Open());
        var (end, entries) = TestArchive.Compose(Tenant, ChainEnd.Empty, 2);
        Assert.True(await used.AppendAsync(Tenant, ChainEnd.Empty, end, entries, []));
        var (next, more) = TestArchive.Compose(Tenant, end, 2);
        await BeginAsync(fault);
        try
        {
            await ExpectUnavailableAsync(() => used.AppendAsync(Tenant, end, next, more, []));
            await ExpectUnavailableAsync(() => used.ReadAsync(Tenant, 0, 1), Applied.No);
            // Refused is certain; who waits in vain knows as much only if the machine leaves it the time to find out.
            await ExpectUnavailableAsync(
                () => unused.AppendAsync(Tenant, end, next, more, []), fault == "killed" ? Applied.No : null);
            await ExpectUnavailableAsync(() => unused.PingAsync(CancellationToken.None), Applied.No);
        }
        finally
        {
            await EndAsync(fault);
        }

        await Eventually.HoldsAsync(() => TryAsync(() => used.AppendAsync(Tenant, end, next, more, [])), Recovery);
        Assert.True(await unused.AppendAsync(Tenant, end, next, more, []));
        Assert.Equal([.. entries, .. more], await unused.ReadAsync(Tenant, 0, 10));
    }

    [Fact]
    public async Task File_LockedByAnother_IsSaidInTimeAndUsedAgainWhenItIsFree()
    {
        await using var test = await TestArchive.CreateAsync("sqlite", postgres, Timeout);
        var archive = test.Open();
        var (end, entries) = TestArchive.Compose(Tenant, ChainEnd.Empty, 2);
        Assert.True(await archive.AppendAsync(Tenant, ChainEnd.Empty, end, entries, []));
        var (next, more) = TestArchive.Compose(Tenant, end, 2);
        await using (var other = await test.ConnectAsync())
        await using (await other.BeginTransactionAsync(TestContext.Current.CancellationToken))
        {
            await ExpectUnavailableAsync(() => archive.AppendAsync(Tenant, end, next, more, []));
            Assert.Equal(entries, await archive.ReadAsync(Tenant, 0, 10));
        }

        await Eventually.HoldsAsync(() => TryAsync(() => archive.AppendAsync(Tenant, end, next, more, [])), Recovery);
        Assert.Equal([.. entries, .. more], await archive.ReadAsync(Tenant, 0, 10));
    }

    [Fact]
    public async Task Searches_ThatTakeTooLong_AreGivenUpAndKeepNobodyOut()
    {
        await using var test = await TestArchive.CreateAsync("postgres", postgres, Timeout);
        var archive = test.Open();
        var (end, entries) = TestArchive.Compose(Tenant, ChainEnd.Empty, 2);
        Assert.True(await archive.AppendAsync(Tenant, ChainEnd.Empty, end, entries, []));
        await using (var other = await test.ConnectAsync())
        await using (var transaction = await other.BeginTransactionAsync(TestContext.Current.CancellationToken))
        {
            await new ArchiveSession(other, transaction, CancellationToken.None)
                .ExecuteAsync("LOCK TABLE entries IN ACCESS EXCLUSIVE MODE");
            var searches = Enumerable.Range(0, 8).Select(_ => archive.SearchAsync(Tenant, new AuditFilter(), 0, 10)).ToList();
            Assert.Equal(2, (await archive.ReadChainAsync(Tenant)).End.Size);
            foreach (var search in searches)
            {
                var refusal = await Assert.ThrowsAsync<ServiceOverloadedException>(() => search);
                Assert.Equal((ArchiveFailure.LongSearch, Applied.No), (refusal.Reason, refusal.Applied));
            }
        }

        Assert.Equal(entries, await archive.SearchAsync(Tenant, new AuditFilter(), 0, 10));
    }

    [Fact]
    public async Task File_AskedForTooMuch_IsInterrupted()
    {
        await using var test = await TestArchive.CreateAsync("sqlite", postgres);
        using var database = new SqliteArchive("Data Source=unused", Timeout);
        using var deadline = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await using var connection = await test.ConnectAsync();
        using var interrupt = database.Interrupt(connection, deadline.Token);
        var endless = new ArchiveSession(connection, null, CancellationToken.None).FirstAsync<long>(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n");

        Assert.Equal(9, (await Assert.ThrowsAsync<SqliteException>(() => endless)).SqliteErrorCode);
    }

    [Fact]
    public async Task Server_KilledInTheMiddleOfAppends_HasEveryAcknowledgedOne()
    {
        await using var test = await TestArchive.CreateAsync("postgres", postgres, Timeout);
        var acknowledged = new ConcurrentDictionary<string, ChainEnd>();
        using var stop = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 4)
            .Select(i => WriteAsync(test.Open(), $"tenant-{i}", acknowledged, stop.Token)).ToList();
        for (var round = 0; round < 3; round++)
        {
            var before = Sum();
            await Eventually.HoldsAsync(() => Task.FromResult(Sum() > before + 400), Recovery);
            await postgres.RestartAsync();
        }

        var last = Sum();
        await Eventually.HoldsAsync(() => Task.FromResult(Sum() > last + 400), Recovery);
        await stop.CancelAsync();
        await Task.WhenAll(writers);

        log.WriteLine($"{Sum()} entries acknowledged");
        var archive = test.Open();
        foreach (var (tenant, end) in acknowledged)
        {
            Assert.Equal(end.Hash, (await archive.ReadChainAsync(tenant)).End.Hash);
            var whole = await archive.ReadAsync(tenant, 0, (int)end.Size);
            Assert.Equal(end.Hash, AuditChain.Adopt(tenant, ChainEnd.Empty, whole)!.Hash);
        }

        long Sum() => acknowledged.Values.Sum(end => end.Size);
    }

    /// <summary>Appends batch after batch, each until it is acknowledged, as the silo does.</summary>
    private static async Task WriteAsync(
        SqlAuditArchive archive, string tenant, ConcurrentDictionary<string, ChainEnd> acknowledged, CancellationToken stop)
    {
        var end = ChainEnd.Empty;
        while (!stop.IsCancellationRequested)
        {
            var (next, entries) = TestArchive.Compose(tenant, end, 20);
            await Eventually.HoldsAsync(() => TryAsync(() => archive.AppendAsync(tenant, end, next, entries, [])), Recovery);
            acknowledged[tenant] = end = next;
        }
    }

    /// <summary>What is refused is tried again; a comparison that fails is a lost or a forked chain.</summary>
    private static async Task<bool> TryAsync(Func<Task<bool>> call)
    {
        try
        {
            Assert.True(await call());
            return true;
        }
        catch (ServiceOverloadedException refusal)
        {
            Assert.StartsWith("archive_", refusal.Reason, StringComparison.Ordinal);
            return false;
        }
    }

    private static async Task ExpectUnavailableAsync(Func<Task> call, Applied? applied = null)
    {
        var began = TimeProvider.System.GetTimestamp();
        var refusal = await Assert.ThrowsAsync<ServiceOverloadedException>(call);
        var took = TimeProvider.System.GetElapsedTime(began);

        Assert.Equal(ArchiveFailure.Unavailable, refusal.Reason);
        Assert.Equal(applied ?? refusal.Applied, refusal.Applied);
        Assert.InRange(took, TimeSpan.Zero, Promised);
    }

    private async Task BeginAsync(string fault)
    {
        if (fault == "killed")
        {
            await postgres.KillAsync();
        }
        else
        {
            postgres.Pause();
        }
    }

    private async Task EndAsync(string fault)
    {
        if (fault == "killed")
        {
            await postgres.RunAsync();
        }
        else
        {
            postgres.Continue();
        }
    }
}
