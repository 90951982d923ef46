using System.Text.Json;
using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.Topologies;

/// <summary>
/// The membership table is deleted under running processes. Orleans then lets two clusters live side by side: that is
/// said, it costs no limit more than a chunk, and a restart mends it.
/// </summary>
public class MembershipLossTests
{
    private const int Limit = 100;
    private const int Chunk = 10;
    private static readonly TimeSpan SeenWithin = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Table_Deleted_IsSaidKeepsTheLimitAndIsMendedByARestart()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var admin = await redis.ConnectAsync();
        using var folder = new TempFolder();
        var settings = new Dictionary<string, string>(redis.Settings)
        {
            ["Gatehouse:Topology"] = "CoHosted",
        };
        var old = await GatehouseProcess.StartAsync(folder.Path, settings);
        try
        {
            await old.PutTenantAsync("acme");
            await old.PutPolicyAsync("acme", "p",
                $$"""{"limit":{{Limit}},"window":"00:10:00","coldStart":{"duration":"00:00:00"} }""");
            Assert.Equal(20, await AdmittedAsync(old, calls: 20));

            Assert.True(await admin.GetDatabase().KeyDeleteAsync("gatehouse/members/local"));
            await Eventually.HoldsAsync(
                async () => await old.Client.GetStringAsync("/health/ready") == "Degraded", SeenWithin);
            Assert.Contains("gatehouse_membership_lost{", await LostAsync(old), StringComparison.Ordinal);
            Assert.EndsWith(" 1", await LostAsync(old), StringComparison.Ordinal);

            await using var second = await GatehouseProcess.StartAsync(folder.Path, settings);
            await ExpectTwoClustersAsync(old, second);
            await ExpectTheLimitAsync(old, second, admittedBefore: 20);

            Assert.Equal(0, await old.StopAsync());
            await old.DisposeAsync();
            old = await GatehouseProcess.StartAsync(folder.Path, settings);
            await ExpectOneClusterAsync(old, second);
            Assert.Equal(0, await AdmittedAsync(old, calls: 5));
        }
        finally
        {
            await old.DisposeAsync();
        }
    }

    private static async Task ExpectTwoClustersAsync(GatehouseProcess old, GatehouseProcess second)
    {
        var seenByOld = await ClusterAsync(old);
        Assert.Equal("lost", seenByOld.GetProperty("membership").GetString());
        Assert.Equal([(true, false), (false, true)], Places(seenByOld).OrderByDescending(place => place.InCluster));
        var seenBySecond = await ClusterAsync(second);
        Assert.Equal("intact", seenBySecond.GetProperty("membership").GetString());
        Assert.Equal([(true, true)], Places(seenBySecond));
        Assert.Equal("Healthy", await second.Client.GetStringAsync("/health/ready"));
    }

    private static async Task ExpectTheLimitAsync(GatehouseProcess old, GatehouseProcess second, int admittedBefore)
    {
        // In turns, and far more than the limit: each has an activation of its own.
        var admitted = admittedBefore;
        for (var round = 0; round < 15; round++)
        {
            admitted += await AdmittedAsync(old, calls: 10);
            admitted += await AdmittedAsync(second, calls: 10);
        }

        // One chunk for the second activation; each withholds what the other has reserved and not used, a chunk too.
        Assert.InRange(admitted, Limit - (2 * Chunk), Limit + Chunk);
    }

    private static async Task ExpectOneClusterAsync(GatehouseProcess old, GatehouseProcess second)
    {
        await Eventually.HoldsAsync(async () => Places(await ClusterAsync(second)).Count() == 2, SeenWithin);
        Assert.All(Places(await ClusterAsync(second)), place => Assert.Equal((true, true), place));
        Assert.Equal("intact", (await ClusterAsync(old)).GetProperty("membership").GetString());
        Assert.Equal("Healthy", await old.Client.GetStringAsync("/health/ready"));
    }

    private static async Task<int> AdmittedAsync(GatehouseProcess process, int calls)
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, calls).Select(_ => process.CheckAsync("acme", "p", "a")));
        Assert.All(answers, answer => Assert.True(answer.Status is 200 or 429, $"{answer.Status} {answer.Body}"));
        return answers.Count(answer => answer.Status == 200);
    }

    private static async Task<JsonElement> ClusterAsync(GatehouseProcess process)
    {
        var (status, body) = await process.SendAsync(HttpMethod.Get, "/v1/cluster");
        Assert.Equal(200, status);
        return body;
    }

    private static IEnumerable<(bool InCluster, bool InTable)> Places(JsonElement cluster) =>
        cluster.GetProperty("silos").EnumerateArray().Select(silo =>
            (silo.GetProperty("inCluster").GetBoolean(), silo.GetProperty("inTable").GetBoolean()));

    private static async Task<string> LostAsync(GatehouseProcess process) =>
        (await process.Client.GetStringAsync("/metrics")).Split('\n')
            .Single(line => line.StartsWith("gatehouse_membership_lost", StringComparison.Ordinal));
}
