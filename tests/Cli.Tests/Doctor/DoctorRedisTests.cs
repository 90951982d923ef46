using System.Text.Json;
using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Cli.Doctor;
using Gatehouse.Cli.Tests.Fixtures;
using Gatehouse.Grains.SigningKeys;
using Gatehouse.Grains.SigningKeys.Envelopes;
using StackExchange.Redis;

namespace Gatehouse.Cli.Tests.Doctor;

/// <summary>Doctor against real servers: one as it is shipped, and one with everything wrong.</summary>
public sealed class DoctorRedisTests : IDisposable
{
    private const string Kek = "xZ1mJZkq3m0Yb1Vh9qTn2rK6sW8uD4fG5hJ7kL0pQwE=";
    private const string AdminKey = "4f1c2ab89de07356cc01b7e2f49a8d35";

    private static readonly string[] EverythingWrong =
    [
        "fail eviction maxmemory-policy is allkeys-lru",
        "fail key rings 1 are wrapped under a key-encryption key that is not configured",
        "fail user it lets anyone in, without a password",
        "warn persistence appendfsync is everysec",
        "warn persistence no-appendfsync-on-rewrite is yes",
        "warn redis data, state, membership default may more than it needs",
        "warn redis users default is one user for data, state, membership",
    ];

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Server_AsItIsShipped_HasNoFault_AndIsLeftAsItWas()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var global = await RedisServer.StartGlobalAsync();
        await using var admin = await redis.ConnectAsync();
        await admin.GetDatabase().HashSetAsync(RedisKeyRingStore.Keks, "acme", KekId);
        var settings = Shipped(redis);
        settings["Gatehouse__GlobalRedis__ConnectionString"] = global.ConnectionStringOf("gatehouse-global");

        var run = await DoctorAsync(settings, "--strict");

        Assert.Equal((0, ""), (run.Code, run.Errors));
        Assert.Equal(4, Count(run, "may do what it needs, and nothing that was tried beyond that"));
        Assert.Contains("appendonly yes; appendfsync is not known: this user may not ask (CONFIG), as it should be", run.Output,
            StringComparison.Ordinal);
        Assert.Contains($"ok       redis server 127.0.0.1:{redis.Port} default user: nobody gets in", run.Output,
            StringComparison.Ordinal);
        Assert.Contains("ok       key rings: 1, all opened by the configured key", run.Output, StringComparison.Ordinal);
        Assert.Equal(1, (long)await admin.GetDatabase().ExecuteAsync("DBSIZE"));
        // What it was refused would be alarms in the log of a real one.
        Assert.Empty(await redis.RefusedAsync());
        Assert.DoesNotContain("CHANGE-ME", run.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_WithEverythingWrong_HasEachFaultFound()
    {
        await using var redis = await RedisServer.StartAsync(
            "--appendfsync", "everysec", "--maxmemory-policy", "allkeys-lru", "--no-appendfsync-on-rewrite", "yes");
        await using (var admin = await redis.ConnectAsync())
        {
            await admin.GetDatabase().ExecuteAsync("ACL", "SETUSER", "default", "on", "nopass", "~*", "&*", "+@all");
            await admin.GetDatabase().HashSetAsync(RedisKeyRingStore.Keks, "acme", "a-lost-kek");
        }

        var run = await DoctorAsync(new() { ["Gatehouse__Redis__ConnectionString"] = $"127.0.0.1:{redis.Port}" }, "--json");

        Assert.Equal(1, run.Code);
        var found = run.Json.GetProperty("findings").EnumerateArray().Where(static one =>
            one.GetProperty("status").GetString() is "fail" or "warn").Select(Text).Order();
        Assert.Equal(EverythingWrong, found);
        Assert.Contains(
            "FLUSHALL, FLUSHDB, CONFIG SET, KEYS, SHUTDOWN, ACL SETUSER, REPLICAOF, DEBUG OBJECT", run.Output,
            StringComparison.Ordinal);

        static string Text(JsonElement one)
        {
            var check = one.GetProperty("check").GetString()!;
            var about = check.StartsWith("redis server", StringComparison.Ordinal) ? check.Split(' ')[^1] : check;
            return $"{one.GetProperty("status").GetString()} {about} {one.GetProperty("message").GetString()!.Split(':')[0]}";
        }
    }

    [Theory]
    [InlineData("membership", "hset", "hgetall", "hsetnx")]
    [InlineData("state", "hmset", "evalsha", "zadd")]
    [InlineData("data", "hincrby", "publish", "rpush")]
    public async Task User_WithoutAPermissionThatItNeeds_IsFound(string user, params string[] commands)
    {
        await using var redis = await RedisServer.StartRefusingAsync();
        await using var admin = await redis.ConnectAsync();
        foreach (var command in commands)
        {
            await admin.GetDatabase().ExecuteAsync("ACL", "SETUSER", $"gatehouse-{user}", $"-{command}");
        }

        var run = await DoctorAsync(Shipped(redis));

        Assert.Equal(1, run.Code);
        Assert.Matches(
            $"fail     redis {user}: gatehouse-{user} may not .*", run.Output);
        var line = run.Output.Split('\n').Single(static line => line.Contains("may not ", StringComparison.Ordinal)
            && line.StartsWith("fail", StringComparison.Ordinal));
        Assert.All(commands, command => Assert.Contains($" {command.ToUpperInvariant()} ", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task User_WhoReachesAnotherPart_IsFound()
    {
        await using var redis = await RedisServer.StartRefusingAsync();
        await using var admin = await redis.ConnectAsync();
        await admin.GetDatabase().ExecuteAsync("ACL", "SETUSER", "gatehouse-data", "~*", "+keys");

        var run = await DoctorAsync(Shipped(redis));

        Assert.Equal(0, run.Code);
        Assert.Contains(
            "warn     redis data: gatehouse-data may more than it needs: KEYS, HGETALL gatehouse/members/local, "
                + "HGETALL gatehouse/state/doctor",
            run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Password_ThatIsWrong_AndAServerThatIsAway_AreToldApart()
    {
        await using var redis = await RedisServer.StartRefusingAsync();
        var settings = Shipped(redis);
        settings["Gatehouse__Redis__StateConnectionString"] =
            $"127.0.0.1:{redis.Port},user=gatehouse-state,password=hunter2hunter2";
        settings["Gatehouse__GlobalRedis__ConnectionString"] = $"127.0.0.1:{Ports.Free()},password=hunter3hunter3";

        var run = await DoctorAsync(settings);

        Assert.Equal(1, run.Code);
        Assert.Matches(@"redis state: 127\.0\.0\.1:\d+ as gatehouse-state: the user or the password is refused", run.Output);
        Assert.Matches(@"fail     redis global: 127\.0\.0\.1:\d+ as default: nobody listens there", run.Output);
        Assert.DoesNotContain("hunter", run.All, StringComparison.Ordinal);
    }

    private static string KekId => new KeyEncryptionKey(Convert.FromBase64String(Kek)).Id;

    private static int Count(CommandRun run, string text) => run.Output.Split(text).Length - 1;

    private static Dictionary<string, string> Shipped(RedisServer redis) => new()
    {
        ["Gatehouse__Redis__ConnectionString"] = redis.ConnectionStringOf("gatehouse-data"),
        ["Gatehouse__Redis__StateConnectionString"] = redis.ConnectionStringOf("gatehouse-state"),
        ["Gatehouse__Redis__MembershipConnectionString"] = redis.ConnectionStringOf("gatehouse-membership"),
    };

    private Task<CommandRun> DoctorAsync(Dictionary<string, string> settings, params string[] args) => CommandRun.OfAsync(
        ["doctor", "--config", _folder.Path, "--timeout", "30", .. args],
        new(settings)
        {
            ["Gatehouse__Topology"] = "CoHosted",
            ["Gatehouse__Auth__AdminKey"] = AdminKey,
            ["Gatehouse__SigningKeys__Kek"] = Kek,
            ["Gatehouse__Archive__ConnectionString"] = $"Data Source={Path.Combine(_folder.Path, "audit.db")}",
        });
}
