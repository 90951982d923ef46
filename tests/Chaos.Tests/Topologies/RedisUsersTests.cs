using Gatehouse.Chaos.Tests.Processes;
using StackExchange.Redis;

namespace Gatehouse.Chaos.Tests.Topologies;

/// <summary>
/// The Redis users of deploy/redis/users.acl may do all that the product does, and nothing that it does not.
/// </summary>
public class RedisUsersTests
{
    [Fact]
    public async Task Product_WithThreeUsers_WorksAndIsRefusedNothingItNeeds()
    {
        await using var redis = await RedisServer.StartAsync();
        using var folder = new TempFolder();
        await using var admin = await redis.ConnectAsync();
        var settings = Settings(redis);
        await using (var silo = await GatehouseProcess.StartSiloAsync(folder.Path, settings))
        {
            await using var host = await GatehouseProcess.StartAsync(folder.Path, settings);
            Assert.Equal(201, (await host.PutTenantAsync("acme")).Status);
            Assert.Equal(200, (await host.CheckAsync("acme", "default", "a", cost: 30)).Status);
            Assert.Equal(200, (await host.KeyAsync("acme", "sign", """{"data":"AA=="}""")).Status);
            Assert.Equal(201, (await host.SendAsync(HttpMethod.Post, "/v1/tenants/acme/audit/events",
                """{"actor":{"type":"user","id":"7"},"action":"login","outcome":"success"}""")).Status);
            Assert.Equal(200, (await host.SendAsync(HttpMethod.Get, "/v1/tenants/acme/audit/events/0")).Status);
            await UseIdempotencyKeyAsync(host);
            // Leaves a reminder.
            Assert.Equal(200, (await host.KeyAsync("acme", "rotate", "{}")).Status);
            Assert.Equal(200, (await host.KeyAsync("acme", "v1/revoke", "{}")).Status);
            Assert.Equal("Healthy", await host.Client.GetStringAsync("/health/ready"));
            Assert.Equal(200, (await host.SendAsync(HttpMethod.Get, "/health/dependencies")).Status);
            Assert.Equal(
                ["gatehouse-changes", "gatehouse-data", "gatehouse-membership", "gatehouse-state"],
                await ConnectionNamesAsync(admin));
            Assert.Equal(0, await host.StopAsync());
            Assert.Equal(0, await silo.StopAsync());
        }

        await using var again = await GatehouseProcess.StartAsync(folder.Path, settings);
        Assert.Equal(200, (await again.PutTenantAsync("acme")).Status);
        var peek = await again.CheckAsync("acme", "default", "a", cost: 0);
        Assert.Equal(20, peek.Body.GetProperty("remaining").GetInt32());
        Assert.Equal(0, await again.StopAsync());

        Assert.Empty(await redis.RefusedAsync());
    }

    [Theory]
    [InlineData("membership", "HGETALL", "gatehouse/state/tenant/acme/tenant")]
    [InlineData("membership", "GET", "gatehouse:rl:acme/default/s/a")]
    [InlineData("membership", "DEL", "gatehouse/members/local")]
    [InlineData("state", "HGETALL", "gatehouse/members/local")]
    [InlineData("state", "HGETALL", "gatehouse:region:local")]
    [InlineData("data", "HGETALL", "gatehouse/members/local")]
    [InlineData("data", "HGETALL", "gatehouse/state/tenant/acme/tenant")]
    [InlineData("data", "KEYS", "gatehouse:*")]
    [InlineData("data", "FLUSHALL")]
    [InlineData("data", "SCRIPT", "FLUSH")]
    [InlineData("data", "FUNCTION", "FLUSH")]
    [InlineData("data", "CONFIG", "GET", "*")]
    [InlineData("data", "PUBLISH", "other", "message")]
    [InlineData("monitor", "HGETALL", "gatehouse:region:local")]
    [InlineData("monitor", "SLOWLOG", "GET")]
    [InlineData("monitor", "CONFIG", "SET", "maxmemory", "1")]
    [InlineData("exporter", "HGETALL", "gatehouse:region:local")]
    [InlineData("exporter", "CONFIG", "GET", "*")]
    public async Task User_BeyondItsPart_IsRefused(string user, string command, params string[] arguments)
    {
        await using var redis = await RedisServer.StartRefusingAsync();
        await using var connection = await ConnectionMultiplexer.ConnectAsync(
            $"{redis.ConnectionStringOf($"gatehouse-{user}")},allowAdmin=true");

        var refusal = await Assert.ThrowsAsync<RedisServerException>(
            () => connection.GetDatabase().ExecuteAsync(command, arguments.Cast<object>().ToArray()));

        Assert.StartsWith("NOPERM", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>
    /// Redis 7.0 loads the writes of a script, which are one transaction in its file, with the rights of the user
    /// <c>default</c>: where that user may do nothing, they are gone after a restart, and a line in the log is all.
    /// </summary>
    [Fact]
    public async Task Redis_StartedAgain_HasAllThatAScriptWrote()
    {
        await using var redis = await RedisServer.StartAsync();
        await using (var before = await redis.ConnectAsync())
        {
            await before.GetDatabase().ScriptEvaluateAsync(
                "redis.call('HSET', KEYS[1], 'a', 1) redis.call('HSET', KEYS[1], 'b', 2)", ["gatehouse:region:local"]);
        }

        await redis.RestartAsync();

        await using var after = await redis.ConnectAsync();
        Assert.Equal(2, await after.GetDatabase().HashLengthAsync("gatehouse:region:local"));
    }

    /// <summary>What every other test with a Redis relies on.</summary>
    [Fact]
    public async Task Refusals_AreFound()
    {
        await using var redis = await RedisServer.StartRefusingAsync();

        await RedisText.SendAsync(redis.Port, "AUTH gatehouse-data CHANGE-ME-data", "GET gatehouse:x", "CONFIG GET x");

        Assert.Equal(["command get of gatehouse-data"], await redis.RefusedAsync());
    }

    [Theory]
    [InlineData("HGETALL gatehouse:region:local", "-NOAUTH")]
    [InlineData("AUTH any", "-WRONGPASS")]
    [InlineData("AUTH default any", "-WRONGPASS")]
    public async Task Stranger_IsRefusedEverything(string command, string refusal)
    {
        await using var redis = await RedisServer.StartRefusingAsync();

        Assert.StartsWith(refusal, await RedisText.SendAsync(redis.Port, command), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replica_WithItsUser_HasWhatTheMasterHas()
    {
        await using var master = await RedisServer.StartAsync();
        await using var replica = await RedisServer.StartAsync(
            "--replicaof", "127.0.0.1", $"{master.Port}",
            "--masteruser", "gatehouse-replica", "--masterauth", "CHANGE-ME-replica");
        await using var toMaster = await master.ConnectAsync();
        await using var toReplica = await replica.ConnectAsync();

        await toMaster.GetDatabase().HashSetAsync("gatehouse:region:local", "startedAt", 7);

        await Eventually.HoldsAsync(
            async () => await StartedAtAsync(toReplica) == 7, TimeSpan.FromSeconds(30));
    }

    /// <summary>A replica answers with an error until it has heard all of its master.</summary>
    private static async Task<long> StartedAtAsync(IConnectionMultiplexer replica)
    {
        try
        {
            return (long)await replica.GetDatabase().HashGetAsync("gatehouse:region:local", "startedAt");
        }
        catch (RedisException)
        {
            return 0;
        }
    }

    /// <summary>In both layouts, with all the commands that the scripts know.</summary>
    private static async Task UseIdempotencyKeyAsync(GatehouseProcess host)
    {
        Assert.Equal(200, (await host.SendAsync(HttpMethod.Post, "/v1/tenants/acme/idempotency/begin",
            """{"endpoint":"POST /orders","path":"/orders","key":"k"}""")).Status);
        Assert.Equal(200, (await host.SendAsync(HttpMethod.Post, "/v1/tenants/acme/idempotency/release",
            """{"endpoint":"POST /orders","key":"k","epoch":1}""")).Status);
    }

    private static Dictionary<string, string> Settings(RedisServer redis) => new(redis.Settings)
    {
        ["Gatehouse:Topology"] = "CoHosted",
        ["Gatehouse:Idempotency:LegacyLayout"] = "ReadBoth",
    };

    private static async Task<IEnumerable<string>> ConnectionNamesAsync(IConnectionMultiplexer admin) =>
        (await admin.GetServers()[0].ClientListAsync()).Select(client => client.Name ?? "")
            .Where(name => name.StartsWith("gatehouse-", StringComparison.Ordinal)).Distinct().Order();
}
