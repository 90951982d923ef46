using System.Collections.Concurrent;
using System.Text.Json;
using Gatehouse.Chaos.Tests.Clusters;
using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Chaos.Tests.Auditing;

/// <summary>
/// Silos and Redis killed under load: every acknowledged event stands once, at its acknowledged place and hash, in one chain.
/// </summary>
public class AuditCrashTests(ITestOutputHelper log)
{
    private const string Tenant = "acme";

    /// <summary>One acknowledged event.</summary>
    private sealed record Recorded(string Id, long Seq, string Hash, TimeSpan Began, TimeSpan Ended);

    private readonly long _began = TimeProvider.System.GetTimestamp();

    [Theory]
    [InlineData("silo")]
    [InlineData("redis")]
    public async Task Chain_WhileItsStoreOrSiloIsKilled_HoldsEveryAcknowledgedEventOnce(string victim)
    {
        await using var cluster = await ChaosCluster.StartAsync(new ClusterLayout(Silos: 2, Hosts: 2));
        await cluster.Hosts[0].PutTenantAsync(Tenant);
        var recorded = new ConcurrentQueue<Recorded>();
        using var end = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 20)
            .Select(i => WriteAsync(cluster.Hosts[i % 2], i, recorded, end.Token)).ToList();
        await Eventually.HoldsAsync(() => Task.FromResult(recorded.Count > 200), TimeSpan.FromSeconds(30));

        if (victim == "redis")
        {
            await cluster.Redis.RestartAsync();
        }
        else
        {
            await cluster.Silos[0].KillAsync();
            await cluster.StartSiloAsync(0);
            await cluster.Silos[1].KillAsync();
        }

        var before = recorded.Count;
        await Eventually.HoldsAsync(() => Task.FromResult(recorded.Count > before + 200), TimeSpan.FromSeconds(90));
        await end.CancelAsync();
        await Task.WhenAll(writers);

        var chain = await ReadAllAsync(cluster.Hosts[0]);
        log.WriteLine($"{recorded.Count} events acknowledged, {chain.Count} in the chain");
        AssertOneChain(chain);
        AssertHolds(chain, recorded);
    }

    /// <summary>Sends each event until it is acknowledged, as a careful caller does.</summary>
    private async Task WriteAsync(
        GatehouseProcess host, int writer, ConcurrentQueue<Recorded> recorded, CancellationToken end)
    {
        for (var i = 0; !end.IsCancellationRequested; i++)
        {
            var (id, began) = ($"w{writer}-{i}", Elapsed());
            var (status, body) = (429, default(JsonElement));
            while (status == 429)
            {
                (status, body) = await host.SendAsync(HttpMethod.Post, $"/v1/tenants/{Tenant}/audit/events", $$"""
                    {"id":"{{id}}","actor":{"type":"user","id":"{{writer}}"},"action":"write","outcome":"success"}
                    """);
            }

            Assert.True(status == 201, $"{status} {body}");
            recorded.Enqueue(new Recorded(
                id, body.GetProperty("seq").GetInt64(), body.GetProperty("hash").GetString()!, began, Elapsed()));
        }
    }

    private static async Task<List<(string Id, string Text, string Hash)>> ReadAllAsync(GatehouseProcess host)
    {
        var chain = new List<(string, string, string)>();
        for (long? from = 0; from is { } start;)
        {
            var (status, page) = await host.SendAsync(
                HttpMethod.Get, $"/v1/tenants/{Tenant}/audit/events?limit=1000&from={start}");
            Assert.Equal(200, status);
            foreach (var item in page.GetProperty("items").EnumerateArray())
            {
                var text = item.GetRawText();
                chain.Add((
                    item.GetProperty("id").GetString()!, text[..text.LastIndexOf(",\"hash\":", StringComparison.Ordinal)] + "}",
                    item.GetProperty("hash").GetString()!));
            }

            from = page.GetProperty("next").ValueKind is JsonValueKind.Null ? null : page.GetProperty("next").GetInt64();
        }

        return chain;
    }

    private static void AssertOneChain(List<(string Id, string Text, string Hash)> chain)
    {
        var previous = AuditEntry.Genesis;
        foreach (var (seq, (_, text, hash)) in chain.Index())
        {
            var (entry, tenant, before, _) = AuditEntry.Read(System.Text.Encoding.UTF8.GetBytes(text));
            Assert.Equal((seq, Tenant, previous), (entry.Seq, tenant, before));
            Assert.Equal(hash, Convert.ToHexStringLower(entry.Hash));
            previous = hash;
        }

        Assert.Equal(chain.Count, chain.Select(entry => entry.Id).Distinct().Count());
    }

    private static void AssertHolds(List<(string Id, string Text, string Hash)> chain, ConcurrentQueue<Recorded> recorded)
    {
        Assert.All(recorded, one => Assert.Equal((one.Id, one.Hash), (chain[(int)one.Seq].Id, chain[(int)one.Seq].Hash)));
        // Real time: what had ended before another began stands before it.
        var bySeq = recorded.OrderBy(one => one.Seq).ToList();
        var began = TimeSpan.Zero;
        foreach (var one in bySeq)
        {
            Assert.True(one.Ended >= began, $"{one.Id} stands behind an event that began after it had ended.");
            began = one.Began > began ? one.Began : began;
        }
    }

    private TimeSpan Elapsed() => TimeProvider.System.GetElapsedTime(_began);
}
