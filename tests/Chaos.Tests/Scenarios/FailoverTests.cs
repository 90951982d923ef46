using System.Text.Json;
using Gatehouse.Chaos.Tests.Auditing.Checkers;
using Gatehouse.Chaos.Tests.Auditing.Load;
using Gatehouse.Chaos.Tests.Clusters;
using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Chaos.Tests.RateLimiting.Load;

namespace Gatehouse.Chaos.Tests.Scenarios;

/// <summary>
/// A Redis that loses what it acknowledged, because a replica that lags takes over: limits hold, the chain freezes rather
/// than fork, and nothing that was signed is lost.
/// </summary>
[Collection(ChaosScenarios.Name)]
public class FailoverTests(ITestOutputHelper log)
{
    private const string Tenant = "chain";
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(20);

    [Fact]
    public Task Replica_ThatLagsTakesOver_LimitsHoldAndTheChainFreezesUntilItIsRepaired() =>
        ChaosRounds.PlayAsync(log, async round =>
        {
            await using var cluster = await ChaosCluster.StartAsync(new ClusterLayout(Silos: 0, Hosts: 2) { HasStandby = true });
            await cluster.PutTenantAsync(Tenant);
            var reader = new ChainReader(Tenant);
            await AppendAsync(DirectlyTo(cluster.Hosts[0]), "signed", 200);
            await reader.ArchivedAsync(cluster.Hosts[0]);
            var signed = await reader.EntriesAsync(cluster.Hosts[0]);
            await using var run = await ChaosRun.StartAsync(
                round, [cluster], async run => await LimitWorkload.StartAsync(run, run.Tenant("limits")));
            await ChaosRun.GoOnAsync(round.Between(4, 6));
            var send = WrittenDown(run);

            await run.FailOverAsync(cluster, async () =>
            {
                await AppendAsync(send, "lost", 20);
                await ChaosRun.GoOnAsync(round.Between(1, 3));
            });

            await FrozenAsync(send);
            await ExpectAsync(send, "repair", "{}", 200);
            await AppendAsync(send, "after", 50);
            await ChaosRun.GoOnAsync(TimeSpan.FromSeconds(6));
            await run.CheckAsync();
            await reader.ArchivedAsync(cluster.Hosts[1]);
            await ExpectSoundAsync(reader, cluster.Hosts[1], signed);
        });

    private static async Task ExpectSoundAsync(ChainReader reader, GatehouseProcess host, IReadOnlyList<ChainEntry> signed)
    {
        var chain = await reader.EntriesAsync(host);
        Assert.Equal(signed, chain.Take(signed.Count));
        Assert.Equal(50, chain.Count(entry => entry.Id.StartsWith("after", StringComparison.Ordinal)));
        Assert.Null(await reader.FaultOfVerifyAsync(host, chain.Count));
        Assert.Null(await reader.FaultOfVerifierAsync(host, chain.Count));
    }

    private static Send DirectlyTo(GatehouseProcess host) =>
        (action, body) => host.SendAsync(HttpMethod.Post, $"/v1/tenants/{Tenant}/audit/{action}", body);

    /// <summary>As the run's own clients do it: what hosts counted is compared with what clients saw.</summary>
    private static Send WrittenDown(ChaosRun run)
    {
        var client = run.ClientOf(run.Regions[0]);
        return async (action, body) =>
        {
            var (call, answer) = await client.PostAsync($"/v1/tenants/{{tenant}}/audit/{action}", [Tenant], body);
            return (call.Status ?? 0, answer);
        };
    }

    private static Task AppendAsync(Send send, string prefix, int count)
    {
        var events = Enumerable.Range(0, count).Select(i => $$"""
            {"id":"{{prefix}}-{{i}}","actor":{"type":"user","id":"7"},"action":"write","outcome":"success"}
            """);
        return ExpectAsync(send, "events", $$"""{"events":[{{string.Join(',', events)}}]}""", 201);
    }

    /// <summary>The store is behind what this process has acknowledged: it says so and records nothing.</summary>
    private static Task FrozenAsync(Send send) => ExpectAsync(
        send, "events", """{"id":"never","actor":{"type":"user","id":"7"},"action":"write","outcome":"success"}""", 503);

    /// <summary>Until it is answered so: the store may have just come back.</summary>
    private static Task ExpectAsync(Send send, string action, string body, int expected)
    {
        (int Status, JsonElement Body) said = default;
        return Eventually.HoldsAsync(
            async () =>
            {
                said = await send(action, body);
                Assert.True(said.Status is 0 or 429 || said.Status == expected, $"{said.Status} {said.Body}");
                return said.Status == expected;
            },
            Within, () => $"{said.Status} {said.Body}");
    }

    private delegate Task<(int Status, JsonElement Body)> Send(string action, string body);
}
