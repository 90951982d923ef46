using System.Text.Json;
using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.Topologies;

/// <summary>
/// The regional Redis hangs under two processes, one of which must not be sent requests without it. Both say the truth
/// while it hangs and after.
/// </summary>
public class HealthProcessTests
{
    private static readonly TimeSpan SeenWithin = TimeSpan.FromSeconds(30);

    // The longest deadline of a check is 2 s; the rest is for a busy machine.
    private static readonly TimeSpan AnsweredWithin = TimeSpan.FromSeconds(6);

    [Fact]
    public async Task Redis_Hanging_DegradesOneMakesTheOtherUnreadyAndIsOverWhenItIsBack()
    {
        await using var redis = await RedisServer.StartAsync();
        using var folder = new TempFolder();
        var settings = new Dictionary<string, string>(redis.Settings)
        {
            ["Gatehouse:Topology"] = "CoHosted",
            ["Gatehouse:GlobalRedis:ConnectionString"] = redis.Settings["Gatehouse:Redis:ConnectionString"],
            ["Gatehouse:Health:Period"] = "00:00:00.500",
        };
        await using var host = await GatehouseProcess.StartAsync(folder.Path, settings);
        settings["Gatehouse:Health:UnreadyOn"] = "redis";
        await using var silo = await GatehouseProcess.StartSiloAsync(folder.Path, settings);
        await ExpectAsync(host, 200, "Healthy");
        await ExpectAsync(silo, 200, "Healthy");
        Assert.Equal((200, "Healthy"), await DependenciesAsync(silo, "redis", "redis-global", "persistence"));

        await redis.PauseAsync();
        await ExpectAsync(host, 200, "Degraded");
        await ExpectAsync(silo, 503, "Unhealthy");
        Assert.Equal((503, "Unhealthy"), await DependenciesAsync(silo, "redis", "redis-global", "persistence"));
        Assert.Equal((503, "Unhealthy"), await DependenciesAsync(host, "redis", "redis-global", "persistence"));
        Assert.Equal((1, 1), await MetricsAsync(host));
        Assert.Equal((0, 0), await MetricsAsync(silo));
        foreach (var process in new[] { host, silo })
        {
            Assert.Equal("Healthy", await process.Client.GetStringAsync("/health/live"));
            Assert.Equal("Healthy", await process.Client.GetStringAsync("/health/startup"));
        }

        await redis.ContinueAsync();
        await ExpectAsync(silo, 200, "Healthy");
        await ExpectAsync(host, 200, "Healthy");
        Assert.Equal((200, "Healthy"), await DependenciesAsync(silo, "redis", "redis-global", "persistence"));
        Assert.Equal((2, 1), await MetricsAsync(silo));
    }

    /// <summary>A Redis that drops keys when memory runs out is no place for counts and chains, however quick.</summary>
    [Fact]
    public async Task Redis_SetToEvict_IsSaidToBe()
    {
        await using var redis = await RedisServer.StartAsync("--maxmemory-policy", "allkeys-lru");
        using var folder = new TempFolder();
        await using var silo = await GatehouseProcess.StartSiloAsync(folder.Path, redis.Settings);

        Assert.Equal((200, "Degraded"), await ReadyAsync(silo));
        var text = await (await silo.Client.GetAsync("/health/dependencies")).Content.ReadAsStringAsync();
        var persistence = JsonDocument.Parse(text).RootElement.GetProperty("entries").GetProperty("persistence");
        Assert.Equal("Unhealthy", persistence.GetProperty("status").GetString());
        Assert.Equal("allkeys-lru", persistence.GetProperty("data").GetProperty("maxmemory_policy").GetString());
    }

    private static async Task<(int Status, string Text)> ReadyAsync(GatehouseProcess process)
    {
        using var answer = await process.Client.GetAsync("/health/ready");
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static Task ExpectAsync(GatehouseProcess process, int status, string text) =>
        Eventually.HoldsAsync(async () => await ReadyAsync(process) == (status, text), SeenWithin);

    /// <summary>The answer as a whole, once each of the named entries is the same.</summary>
    private static async Task<(int, string)> DependenciesAsync(GatehouseProcess process, params string[] entries)
    {
        // A silo asks for no credential, and is sent one all the same.
        var (status, body) = await process.SendAsync(HttpMethod.Get, "/health/dependencies").WaitAsync(AnsweredWithin);
        var said = body.GetProperty("status").GetString()!;
        Assert.All(entries, name => Assert.Equal(
            said, body.GetProperty("entries").GetProperty(name).GetProperty("status").GetString()));
        Assert.DoesNotContain("127.0.0.1", body.GetRawText(), StringComparison.Ordinal);
        return (status, said);
    }

    private static async Task<(int Redis, int Ready)> MetricsAsync(GatehouseProcess process)
    {
        var lines = (await process.Client.GetStringAsync("/metrics")).Split('\n');
        return (Value("gatehouse_health_status", "check=\"redis\""), Value("gatehouse_health_ready", "{"));

        int Value(string name, string label) => int.Parse(lines.Single(line =>
            line.StartsWith($"{name}{{", StringComparison.Ordinal)
            && line.Contains(label, StringComparison.Ordinal)).Split(' ')[1]);
    }
}
