using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.RateLimiting;

/// <summary>
/// A Redis that is killed or stopped under a running process: degraded as the policy says, never a 500, never a hang.
/// </summary>
public class StoreDownTests
{
    private const string Warm = """ "limit":100,"window":"00:01:00","coldStart":{"duration":"00:00:00"} """;

    private static readonly TimeSpan RecoveredWithin = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Store_GoneAndBack_DegradesLoudlyAndRecovers(bool isPaused)
    {
        await using var redis = await RedisServer.StartAsync();
        using var folder = new TempFolder();
        await using var process = await GatehouseProcess.StartAsync(folder.Path, new Dictionary<string, string>(redis.Settings)
        {
            ["Gatehouse:RateLimiting:LoadTimeout"] = "00:00:00.500",
            ["Gatehouse:RateLimiting:ReservationWait"] = "00:00:00.050",
        });
        await process.PutTenantAsync("acme");
        foreach (var mode in new[] { "reduced", "deny", "allow" })
        {
            await process.PutPolicyAsync("acme", mode, $$"""{ {{Warm}},"onStoreFailure":"{{mode}}"}""");
        }

        Assert.Equal(200, (await process.CheckAsync("acme", "reduced", "active")).Status);
        await (isPaused ? redis.PauseAsync() : redis.KillAsync());
        await ExpectDegradedAsync(process);

        await (isPaused ? redis.ContinueAsync() : redis.RestartAsync());
        await Eventually.HoldsAsync(
            async () => (await process.PutPolicyAsync("acme", "other", $$"""{ {{Warm}} }""")).Status is 200 or 201,
            RecoveredWithin);
        // Another connection with a circuit of its own, which closes when three calls in a row have succeeded.
        await Eventually.HoldsAsync(
            async () => (await process.CheckAsync("acme", "deny", "newer")).Status == 200, RecoveredWithin);
    }

    private static async Task ExpectDegradedAsync(GatehouseProcess process)
    {
        var active = await process.CheckAsync("acme", "reduced", "active");
        Assert.Equal((200, false), (active.Status, active.Body.GetProperty("degraded").GetBoolean()));
        var reduced = await process.CheckAsync("acme", "reduced", "new");
        Assert.Equal((200, 50), (reduced.Status, reduced.Body.GetProperty("effectiveLimit").GetInt32()));
        Assert.True(reduced.Body.GetProperty("degraded").GetBoolean());
        var denied = await process.CheckAsync("acme", "deny", "new");
        Assert.Equal((429, "service_overloaded"), (denied.Status, denied.Body.GetProperty("code").GetString()));
        var allowed = await process.CheckAsync("acme", "allow", "new");
        Assert.Equal((200, 100), (allowed.Status, allowed.Body.GetProperty("effectiveLimit").GetInt32()));
        var written = await process.PutPolicyAsync("acme", "other", $$"""{ {{Warm}} }""");
        Assert.Equal((429, "service_overloaded"), (written.Status, written.Body.GetProperty("code").GetString()));
    }
}
