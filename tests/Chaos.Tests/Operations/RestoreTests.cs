using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Chaos.Tests.SigningKeys;

namespace Gatehouse.Chaos.Tests.Operations;

/// <summary>
/// Servers are killed and deleted, and put back from backups by the commands of docs/operations/disaster-recovery.md: the
/// product then is as that page says it is.
/// </summary>
public sealed class RestoreTests
{
    private const string Tenant = RestoredRegion.Tenant;

    [Fact]
    public async Task Backup_OfBothStores_BringsBackAllOfItAndShowsWhatIsLost()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var before = new PostgresServer();
        await using var after = new PostgresServer();
        await using var region = new RestoredRegion(redis, await before.NewDatabaseAsync());
        await region.StartAsync();
        var written = await WriteAsync(region);

        Directory.CreateDirectory(region.At("backup"));
        var backup = ("BACKUP", region.At("backup"));
        await Commands.RunAsync("backup-redis", redis, backup);
        // Between the two: the archive is newer than Redis, as it may be.
        await region.AppendAsync("between", 3);
        var archived = await region.KeepAsync("kept.txt");
        await Commands.RunAsync("backup-postgres", redis, backup, ("ARCHIVE", before.UriOf(1)));
        await region.AppendAsync("lost", 5);
        await region.KeepAsync("lost.txt");
        await region.RevokeAsync(written.RevokedLater.Id);
        await region.DoAsync("lost");
        Assert.Equal(200, (await region.Host.KeyAsync(Tenant, "rotate", """{"emergency":true}""")).Status);
        var signedByLost = await region.Host.SignAsync(Tenant, "data of v3");
        await region.KillAsync();
        await redis.LoseAsync();
        await before.DisposeAsync();

        await Commands.RunAsync("restore-redis", redis, backup);
        await redis.StartAgainAsync();
        await Commands.RunAsync("forget", redis, backup);
        var database = await after.NewDatabaseAsync();
        await Commands.RunAsync("restore-postgres", redis, backup, ("ARCHIVE", after.UriOf(1)));
        await region.StartOnAsync(database);

        await region.AssertAloneAsync(redis);
        await AssertRestoredAsync(region, written, signedByLost);
        await AssertChainGoesOnAsync(region, archived);
        await AssertRollbackIsSeenAsync(region);
    }

    [Fact]
    public async Task Redis_Lost_LeavesTheArchiveAndTheChainGoesOnAfterARepair()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var region = new RestoredRegion(redis);
        await region.StartAsync();
        var written = await WriteAsync(region);
        var signed = await region.KeepAsync("kept.txt");
        await region.KeepKeysAsync("keys-before.json");
        await region.AppendAsync("unsigned", 2);
        await region.KillAsync();
        await redis.LoseAsync();
        await redis.StartAgainAsync();
        await region.StartAsync();

        await AssertGoneAsync(region, written);
        await AssertRepairedAsync(region, signed);
        // An event that was archived is not recorded again; one that was not is lost, and recorded when it is sent again.
        var again = await region.AppendAsync("first", 20);
        Assert.True(again.GetProperty("items")[0].GetProperty("seq").GetInt64() < signed);
        var lost = await region.AppendAsync("unsigned", 2);
        Assert.True(lost.GetProperty("items")[0].GetProperty("seq").GetInt64() >= signed);
        Assert.True(await region.KeepAsync("now.txt") > signed);
        Assert.True(await region.VerifyAsync() > signed);
        Assert.Equal("active", Assert.Single(await region.Host.VersionsAsync(Tenant)));
        var (exitCode, said) = await region.VerifyOfflineAsync();
        Assert.True(exitCode == 0, said);
        // The old checkpoint is of a key that nobody has any more, but for whoever kept the key set.
        Assert.Equal(1, (await region.VerifyOfflineAsync("kept.txt")).ExitCode);
        Assert.NotEqual(0, (await region.VerifyOfflineAsync(keys: "keys-before.json")).ExitCode);
    }

    [Fact]
    public async Task Archive_LostBeforeAnythingLeftRedis_IsFilledAgain()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var region = new RestoredRegion(redis);
        await region.StartAsync();
        await WriteAsync(region);
        await region.ExpectAsync(200, HttpMethod.Put, $"/v1/tenants/{Tenant}/audit/retention", """
            {"legalHold":true,"holdReason":"case 7"}
            """);
        var signed = await region.KeepAsync("kept.txt");
        await region.KillAsync();
        region.LoseArchive();
        await Commands.RunAsync("forget", redis);
        await region.StartAsync();

        Assert.Equal(0, (await region.StateAsync()).GetProperty("archived").GetInt64());
        await region.AppendAsync("new", 1);
        Assert.True(await region.KeepAsync("now.txt") > signed);
        var state = await region.StateAsync();
        Assert.Equal(state.GetProperty("head").GetProperty("size").GetInt64(), state.GetProperty("archived").GetInt64());
        var (exitCode, said) = await region.VerifyOfflineAsync("kept.txt");
        Assert.True(exitCode == 0, said);
        var retention = await region.ExpectAsync(200, HttpMethod.Get, $"/v1/tenants/{Tenant}/audit/retention");
        Assert.False(retention.GetProperty("legalHold").GetBoolean());
    }

    [Fact]
    public async Task Archive_LostAfterEntriesLeftRedis_StopsTheChainUntilABackupThatHasThem()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var region = new RestoredRegion(redis);
        await region.StartAsync();
        await WriteAsync(region);
        await region.KeepAsync("kept.txt");
        await BackUpSqliteAsync(redis, region, "older");
        for (var part = 0; part < 5; part++)
        {
            await region.AppendAsync($"part{part}", 900);
        }

        await region.KeepAsync("kept.txt");
        await Eventually.HoldsAsync(
            async () => (await region.StateAsync()).GetProperty("heldFrom").GetInt64() == 4096, TimeSpan.FromSeconds(30));
        await BackUpSqliteAsync(redis, region, "newer");
        await region.AppendAsync("last", 10);
        var signed = await region.KeepAsync("kept.txt");
        await region.KillAsync();
        region.LoseArchive();
        await Commands.RunAsync("forget", redis);
        await region.StartAsync();

        await AssertStoppedAsync(region);
        await region.KillAsync();
        await RestoreSqliteAsync(redis, region, "older");
        await AssertStoppedAsync(region);
        await region.KillAsync();
        await RestoreSqliteAsync(redis, region, "newer");
        Assert.Equal("continued", (await region.RepairAsync()).GetProperty("outcome").GetString());
        await region.AppendAsync("new", 1);
        Assert.True(await region.KeepAsync("now.txt") > signed);
        var (exitCode, said) = await region.VerifyOfflineAsync("kept.txt");
        Assert.True(exitCode == 0, said);
    }

    [Fact]
    public async Task Rdb_InPlaceOfTheAof_IsIgnoredUnlessItIsLoadedFirst()
    {
        await using var redis = await RedisServer.StartAsync();
        using var folder = new TempFolder();
        var rdb = Path.Combine(redis.Folder, "dump.rdb");
        await using (var admin = await redis.ConnectAsync())
        {
            await admin.GetDatabase().StringSetAsync("key", "value");
            await admin.GetServers()[0].ExecuteAsync("SAVE");
        }

        File.Copy(rdb, Path.Combine(folder.Path, "dump.rdb"));
        await redis.LoseAsync();
        File.Copy(Path.Combine(folder.Path, "dump.rdb"), rdb);
        await redis.StartAgainAsync();
        Assert.False(await HasKeyAsync(redis));

        await redis.LoseAsync();
        File.Copy(Path.Combine(folder.Path, "dump.rdb"), rdb);
        await Commands.RunAsync("restore-rdb", redis);
        await redis.StartAgainAsync();
        Assert.True(await HasKeyAsync(redis));
    }

    private sealed record Written(
        DateTimeOffset StartedAt, SignedData ByRevoked, SignedData ByActive, (string Id, string Key) Revoked,
        (string Id, string Key) RevokedLater);

    /// <summary>Something in each area: a ring with a rotation and a revocation, keys, a policy, a done request.</summary>
    private static async Task<Written> WriteAsync(RestoredRegion region)
    {
        await region.Host.PutTenantAsync(Tenant);
        await region.Host.PutPolicyAsync(Tenant, "p", """{"limit":7,"window":"00:01:00"}""");
        var (revoked, later) = (await region.IssueAsync(), await region.IssueAsync());
        await region.RevokeAsync(revoked.Id);
        var first = await region.Host.SignAsync(Tenant, "data of v1");
        Assert.Equal(200, (await region.Host.KeyAsync(Tenant, "rotate", """{"emergency":true}""")).Status);
        var second = await region.Host.SignAsync(Tenant, "data of v2");
        await region.DoAsync("done");
        await region.AppendAsync("first", 20);
        await region.KeepAsync("first.txt");
        return new Written(await region.StartedAtAsync(), first, second, revoked, later);
    }

    private static async Task AssertRestoredAsync(RestoredRegion region, Written written, SignedData signedByLost)
    {
        // Young again: the counts of the backup have run out.
        Assert.True(await region.StartedAtAsync() > written.StartedAt);
        var policy = await region.ExpectAsync(200, HttpMethod.Get, $"/v1/tenants/{Tenant}/rate-limits/p");
        Assert.Equal(7, policy.GetProperty("limit").GetInt64());
        Assert.Equal(["revoked", "active"], await region.Host.VersionsAsync(Tenant));
        Assert.Equal((true, "revoked"), await region.Host.VerifyAsync(Tenant, written.ByRevoked));
        Assert.Equal((true, "active"), await region.Host.VerifyAsync(Tenant, written.ByActive));
        Assert.False((await region.Host.VerifyAsync(Tenant, signedByLost)).IsValid);
        Assert.Equal("completed", (await region.BeginAsync("done")).State);
        Assert.Equal("started", (await region.BeginAsync("lost")).State);
        Assert.Equal(401, await region.StatusWithAsync(written.Revoked.Key));
        // It was revoked after the backup: good again until it is revoked again.
        Assert.Equal(200, await region.StatusWithAsync(written.RevokedLater.Key));
        await region.RevokeAsync(written.RevokedLater.Id);
        Assert.Equal(401, await region.StatusWithAsync(written.RevokedLater.Key));
    }

    /// <summary>What only Redis had is not there, and nothing acts as if it were.</summary>
    private static async Task AssertGoneAsync(RestoredRegion region, Written written)
    {
        Assert.True(await region.StartedAtAsync() > written.StartedAt);
        await region.ExpectAsync(404, HttpMethod.Get, $"/v1/tenants/{Tenant}");
        await region.Host.PutTenantAsync(Tenant);
        Assert.Equal(401, await region.StatusWithAsync(written.RevokedLater.Key));
        await region.ExpectAsync(404, HttpMethod.Get, $"/v1/tenants/{Tenant}/audit/checkpoint");
        Assert.Empty(await region.Host.VersionsAsync(Tenant));
        Assert.Equal("started", (await region.BeginAsync("done")).State);
    }

    /// <summary>The chain is frozen, and put back to all that is archived.</summary>
    private static async Task AssertRepairedAsync(RestoredRegion region, long archived)
    {
        Assert.Equal("chain_frozen", (await region.AppendAsync("new", 1, status: 503)).GetProperty("code").GetString());
        var repair = await region.RepairAsync();
        Assert.Equal(("restored", archived, 0), (repair.GetProperty("outcome").GetString(),
            repair.GetProperty("size").GetInt64(), repair.GetProperty("givenUp").GetInt64()));
    }

    private static async Task AssertChainGoesOnAsync(RestoredRegion region, long archived)
    {
        await AssertRepairedAsync(region, archived);
        Assert.True((await region.AppendAsync("between", 3)).GetProperty("items")[2].GetProperty("seq").GetInt64() < archived);
        Assert.True(await region.VerifyAsync() >= archived);
        var (exitCode, said) = await region.VerifyOfflineAsync("kept.txt");
        Assert.True(exitCode == 0, said);
    }

    /// <summary>Both stores agree, so the product cannot know; whoever kept a checkpoint does.</summary>
    private static async Task AssertRollbackIsSeenAsync(RestoredRegion region)
    {
        var (exitCode, said) = await region.VerifyOfflineAsync("lost.txt");
        Assert.True(exitCode == 2, $"{exitCode}: {said}");
        await region.AppendAsync("other", 30);
        (exitCode, said) = await region.VerifyOfflineAsync("lost.txt");
        Assert.True(exitCode == 1 && said.Contains("fork", StringComparison.Ordinal), $"{exitCode}: {said}");

        Assert.Equal(0, await region.Host.StopAsync());
        await region.Host.DisposeAsync();
        await region.StartAsync("gatehouse/2");
        await region.AppendAsync("renamed", 1);
        await region.KeepAsync("renamed.txt");
        Assert.Equal($"gatehouse/2/local/{Tenant}", (await File.ReadAllLinesAsync(region.At("renamed.txt")))[0]);
        (exitCode, said) = await region.VerifyOfflineAsync("renamed.txt");
        Assert.True(exitCode == 0, said);
    }

    private static async Task AssertStoppedAsync(RestoredRegion region)
    {
        await region.AppendAsync("refused", 1, status: 503);
        var refused = await region.RepairAsync(409, """{"giveUpFrom":0}""");
        Assert.Equal("would_contradict", refused.GetProperty("code").GetString());
        // What needs no archive goes on.
        await region.Host.SignAsync(Tenant, "data of a tenant whose chain is frozen");
        Assert.Equal("completed", (await region.BeginAsync("done")).State);
    }

    private static async Task BackUpSqliteAsync(RedisServer redis, RestoredRegion region, string name)
    {
        Directory.CreateDirectory(region.At(name));
        await Commands.RunAsync("backup-sqlite", redis, ("BACKUP", region.At(name)), ("ARCHIVE", region.Archive));
    }

    private static async Task RestoreSqliteAsync(RedisServer redis, RestoredRegion region, string name)
    {
        await Commands.RunAsync("restore-sqlite", redis, ("BACKUP", region.At(name)), ("ARCHIVE", region.Archive));
        await Commands.RunAsync("forget", redis);
        await region.StartAsync();
    }

    private static async Task<bool> HasKeyAsync(RedisServer redis)
    {
        await using var admin = await redis.ConnectAsync();
        return await admin.GetDatabase().KeyExistsAsync("key");
    }
}
