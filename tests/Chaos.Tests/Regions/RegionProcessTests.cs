using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.Regions;

/// <summary>Region age over real restarts on a real Redis.</summary>
public class RegionProcessTests
{
    private static readonly TimeSpan SeenWithin = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Region_RestartedKilledAndFlushed_IsYoungOnlyAfterTheFlush()
    {
        await using var redis = await RedisServer.StartAsync();
        using var folder = new TempFolder();
        var settings = redis.Settings;
        await using var admin = await redis.ConnectAsync();
        var hourAgo = TimeProvider.System.GetUtcNow().AddHours(-1).ToUnixTimeMilliseconds();
        await admin.GetDatabase().HashSetAsync("gatehouse:region:local", "startedAt", hourAgo);

        await using (var first = await GatehouseProcess.StartAsync(folder.Path, settings))
        {
            await first.PutTenantAsync("acme");
            Assert.Equal(100, await AdmittedAsync(first, "a"));
            await first.KillAsync();
        }

        await using (var second = await GatehouseProcess.StartAsync(folder.Path, settings))
        {
            Assert.Equal(100, await AdmittedAsync(second, "b"));
            Assert.Equal(0, await second.StopAsync());
        }

        await using var third = await GatehouseProcess.StartAsync(folder.Path, settings);
        Assert.False((await RegionAsync(third)).GetProperty("cold").GetBoolean());
        Assert.Equal(100, await AdmittedAsync(third, "c"));
        await admin.GetDatabase().ExecuteAsync("FLUSHALL");
        await Eventually.HoldsAsync(
            async () => (await RegionAsync(third)).GetProperty("cold").GetBoolean(), SeenWithin);
        Assert.Equal(0, await AdmittedAsync(third, "c"));
        await third.PutTenantAsync("acme");
        Assert.Equal(50, await AdmittedAsync(third, "d"));
    }

    private static async Task<int> AdmittedAsync(GatehouseProcess process, string subject)
    {
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 150).Select(_ => process.CheckAsync("acme", "default", subject)));
        Assert.All(answers, answer => Assert.True(answer.Status is 200 or 429, process.Output));
        return answers.Count(answer => answer.Status == 200);
    }

    private static async Task<System.Text.Json.JsonElement> RegionAsync(GatehouseProcess process) =>
        (await process.SendAsync(HttpMethod.Get, "/v1/regions/local")).Body;
}
