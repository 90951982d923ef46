using System.Text.Json;
using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Grains.Storage;

namespace Gatehouse.Chaos.Tests.Auditing;

/// <summary>
/// kill -9 between any two steps from an acknowledged event to an archived segment that left the store: each step is
/// done again, or is found to be done, and nothing is lost.
/// </summary>
public sealed class SealCrashTests(ITestOutputHelper log)
{
    private const int Batches = 5;

    private static readonly string[] Steps = ["audit.archived", "audit.published", "audit.read-back", "audit.dropped"];

    [Theory]
    [InlineData("redis")]
    [InlineData("embedded")]
    public async Task Process_KilledAtAnyStepOfArchiving_LosesNothing(string store)
    {
        await using var redis = store == "redis" ? await RedisServer.StartAsync() : null;
        using var folder = new TempFolder();
        var settings = redis?.Settings ?? [];

        // The embedded store is the same code behind another server: the first step and the last.
        foreach (var step in redis is not null ? Steps : [Steps[0], Steps[^1]])
        {
            // One after the other is looked at: what one leaves unfinished, the next process would die of.
            var (tenant, history) = (step.Replace('.', '-'), new ChainHistory(step.Replace('.', '-')));
            var dying = new Dictionary<string, string>(settings) { [Failpoint.Variable] = step };
            await using (var process = await GatehouseProcess.StartAsync(folder.Path, dying))
            {
                await process.PutTenantAsync(tenant);
                await FillAsync(process, tenant, history);
                Assert.Equal(128 + 9, await process.EndedAsync());
            }

            await using var after = await GatehouseProcess.StartAsync(folder.Path, settings);
            await Eventually.HoldsAsync(() => IsArchivedAsync(after, tenant), TimeSpan.FromSeconds(60));
            var count = await history.CheckAsync(after);
            log.WriteLine($"{tenant}: {history.Count} events acknowledged, {count} in the chain");
            // Known from before the crash: not recorded twice, although its entry left the store.
            Assert.Equal(201, (await SendAsync(after, tenant, 0)).Status);
            Assert.Equal(count, await history.CheckAsync(after));
            Assert.Equal(0, await after.StopAsync());
        }
    }

    private static async Task FillAsync(GatehouseProcess process, string tenant, ChainHistory history)
    {
        for (var batch = 0; batch < Batches; batch++)
        {
            var began = history.Now;
            try
            {
                var (status, body) = await SendAsync(process, tenant, batch);
                Assert.Equal(201, status);
                history.Take(body, began);
            }
            catch (HttpRequestException)
            {
                // It is dead already, as it should be.
                history.TakeUnanswered(Ids(batch), began);
                return;
            }
        }
    }

    private static Task<(int Status, JsonElement Body)> SendAsync(GatehouseProcess process, string tenant, int batch)
    {
        var events = Ids(batch).Select(id => $$"""
            {"id":"{{id}}","actor":{"type":"user","id":"7"},"action":"write","outcome":"success"}
            """);
        return process.SendAsync(
            HttpMethod.Post, $"/v1/tenants/{tenant}/audit/events", $$"""{"events":[{{string.Join(',', events)}}]}""");
    }

    private static IEnumerable<string> Ids(int batch) => Enumerable.Range(0, 1_000).Select(i => $"b{batch}-{i}");

    private static async Task<bool> IsArchivedAsync(GatehouseProcess process, string tenant)
    {
        var (status, state) = await process.SendAsync(HttpMethod.Get, $"/v1/tenants/{tenant}/audit/state");
        var size = state.GetProperty("head").GetProperty("size").GetInt64();
        return status == 200 && state.GetProperty("archived").ToString() == $"{size}"
            && state.GetProperty("heldFrom").GetInt64() == (size > 4_096 ? 4_096 : 0);
    }
}
