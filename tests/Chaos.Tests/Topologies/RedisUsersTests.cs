using System.Reflection;
using Gatehouse.Chaos.Tests.Processes;
using StackExchange.Redis;

namespace Gatehouse.Chaos.Tests.Topologies;

/// <summary>
/// The Redis users of deploy/redis/users.acl may do all that the product does, and nothing that it does not.
/// </summary>
public class RedisUsersTests
{
    private static readonly string Users = File.ReadAllText(Path.Combine(
        typeof(RedisUsersTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "RepositoryRoot").Value!, "deploy", "redis", "users.acl"));

    [Fact]
    public async Task Product_WithThreeUsers_WorksAndIsRefusedNothingItNeeds()
    {
        await using var redis = await RedisServer.StartAsync(Users);
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

        // The client asks for the server's settings when it connects, and goes on without them.
        Assert.Equal(["config|get"], await RefusedAsync(admin));
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
    [InlineData("data", "CONFIG", "GET", "*")]
    [InlineData("data", "PUBLISH", "other", "message")]
    public async Task User_BeyondItsPart_IsRefused(string user, string command, params string[] arguments)
    {
        await using var redis = await RedisServer.StartAsync(Users);
        await using var connection = await ConnectionMultiplexer.ConnectAsync(
            $"{ConnectionString(redis, user)},allowAdmin=true");

        var refusal = await Assert.ThrowsAsync<RedisServerException>(
            () => connection.GetDatabase().ExecuteAsync(command, arguments.Cast<object>().ToArray()));

        Assert.StartsWith("NOPERM", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>In both layouts, with all the commands that the scripts know.</summary>
    private static async Task UseIdempotencyKeyAsync(GatehouseProcess host)
    {
        Assert.Equal(200, (await host.SendAsync(HttpMethod.Post, "/v1/tenants/acme/idempotency/begin",
            """{"endpoint":"POST /orders","path":"/orders","key":"k"}""")).Status);
        Assert.Equal(200, (await host.SendAsync(HttpMethod.Post, "/v1/tenants/acme/idempotency/release",
            """{"endpoint":"POST /orders","key":"k","epoch":1}""")).Status);
    }

    private static Dictionary<string, string> Settings(RedisServer redis) => new()
    {
        ["Gatehouse:Topology"] = "CoHosted",
        ["Gatehouse:Idempotency:LegacyLayout"] = "ReadBoth",
        ["Gatehouse:Redis:ConnectionString"] = ConnectionString(redis, "data"),
        ["Gatehouse:Redis:MembershipConnectionString"] = ConnectionString(redis, "membership"),
        ["Gatehouse:Redis:StateConnectionString"] = ConnectionString(redis, "state"),
    };

    private static string ConnectionString(RedisServer redis, string user) =>
        redis.ConnectionStringOf($"gatehouse-{user}", $"CHANGE-ME-{user}");

    /// <summary>The commands, keys and channels that Redis refused.</summary>
    private static async Task<IEnumerable<string>> RefusedAsync(IConnectionMultiplexer admin) =>
        ((RedisResult[])(await admin.GetDatabase().ExecuteAsync("ACL", "LOG", "1000"))!)
            .Select(entry => $"{entry.ToDictionary()["object"]}").Distinct().Order();

    private static async Task<IEnumerable<string>> ConnectionNamesAsync(IConnectionMultiplexer admin) =>
        (await admin.GetServers()[0].ClientListAsync()).Select(client => client.Name ?? "")
            .Where(name => name.StartsWith("gatehouse-", StringComparison.Ordinal)).Distinct().Order();
}
