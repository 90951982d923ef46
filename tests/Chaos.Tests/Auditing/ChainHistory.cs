using System.Collections.Concurrent;
using System.Text.Json;
using Gatehouse.Chaos.Tests.Auditing.Checkers;
using Gatehouse.Chaos.Tests.Auditing.Load;
using Gatehouse.Chaos.Tests.Histories;
using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.Auditing;

/// <summary>What writers of one chain were told, to be held against the chain as it is.</summary>
internal sealed class ChainHistory(string tenant)
{
    private readonly ConcurrentQueue<AuditCall> _calls = new();
    private readonly HistoryClock _clock = new();

    /// <summary>How many events were acknowledged.</summary>
    public int Count => _calls.Count(call => call.Outcome is AuditOutcome.Recorded);

    public TimeSpan Now => _clock.Now;

    /// <summary>Sends each event until it is acknowledged, as a careful caller does.</summary>
    public async Task WriteAsync(Func<GatehouseProcess> host, int writer, Func<int, bool> goesOn)
    {
        for (var i = 0; goesOn(i); i++)
        {
            var (id, status) = ($"w{writer}-{i}", 429);
            while (status == 429)
            {
                var began = Now;
                try
                {
                    (status, var body) = await host().SendAsync(HttpMethod.Post, $"/v1/tenants/{tenant}/audit/events", $$"""
                        {"id":"{{id}}","actor":{"type":"user","id":"{{writer}}"},"action":"write","outcome":"success"}
                        """);
                    Assert.True(status is 201 or 429, $"{status} {body}");
                    Add(status == 201 ? Recorded(id, body, began) : Unknown(id, began));
                }
                catch (HttpRequestException)
                {
                    // Nobody knows whether it was recorded, so it is sent again.
                    Add(Unknown(id, began));
                }
            }
        }
    }

    /// <summary>Takes in what a batch was answered.</summary>
    public void Take(JsonElement receipts, TimeSpan began)
    {
        foreach (var item in receipts.GetProperty("items").EnumerateArray())
        {
            Add(Recorded(item.GetProperty("id").GetString()!, item, began));
        }
    }

    /// <summary>Takes in that a batch was sent and not answered.</summary>
    public void TakeUnanswered(IEnumerable<string> ids, TimeSpan began)
    {
        foreach (var id in ids)
        {
            Add(Unknown(id, began));
        }
    }

    /// <summary>Reads the chain, entry by entry, and as one export; answers how many entries it has.</summary>
    public async Task<int> CheckAsync(GatehouseProcess host)
    {
        var reader = new ChainReader(tenant);
        var chain = await reader.EntriesAsync(host);
        Assert.Empty(new ChainChecker(tenant, chain).Check(History<AuditCall>.Of(_calls)));
        Assert.Null(await reader.FaultOfVerifyAsync(host, chain.Count));
        Assert.Null(await reader.FaultOfVerifierAsync(host, chain.Count));
        return chain.Count;
    }

    private void Add(AuditCall call) => _calls.Enqueue(call);

    private AuditCall Recorded(string id, JsonElement receipt, TimeSpan began) =>
        new(id, began, Now, AuditOutcome.Recorded)
        {
            Seq = receipt.GetProperty("seq").GetInt64(),
            Hash = receipt.GetProperty("hash").GetString(),
        };

    private AuditCall Unknown(string id, TimeSpan began) => new(id, began, Now, AuditOutcome.Unknown);
}
