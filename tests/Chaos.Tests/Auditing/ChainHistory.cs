using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Chaos.Tests.Auditing;

/// <summary>One acknowledged event.</summary>
internal sealed record Recorded(string Id, long Seq, string Hash, TimeSpan Began, TimeSpan Ended);

/// <summary>
/// What writers were told, held against the chain as it is: every acknowledged event once, at its acknowledged place
/// and hash, in an order that respects real time, in one chain without a gap.
/// </summary>
internal sealed class ChainHistory(string tenant)
{
    private readonly ConcurrentQueue<Recorded> _recorded = new();
    private readonly long _began = TimeProvider.System.GetTimestamp();

    public int Count => _recorded.Count;

    private string Path => $"/v1/tenants/{tenant}/audit";

    /// <summary>Sends each event until it is acknowledged, as a careful caller does.</summary>
    public async Task WriteAsync(Func<GatehouseProcess> host, int writer, Func<int, bool> goesOn)
    {
        for (var i = 0; goesOn(i); i++)
        {
            var (id, began) = ($"w{writer}-{i}", Elapsed());
            var (status, body) = (429, default(JsonElement));
            while (status == 429)
            {
                try
                {
                    (status, body) = await host().SendAsync(HttpMethod.Post, $"{Path}/events", $$"""
                        {"id":"{{id}}","actor":{"type":"user","id":"{{writer}}"},"action":"write","outcome":"success"}
                        """);
                }
                catch (HttpRequestException)
                {
                    // Nobody knows whether it was recorded, so it is sent again.
                }
            }

            Assert.True(status == 201, $"{status} {body}");
            _recorded.Enqueue(new Recorded(
                id, body.GetProperty("seq").GetInt64(), body.GetProperty("hash").GetString()!, began, Elapsed()));
        }
    }

    /// <summary>Takes in what a batch was answered.</summary>
    public void Take(JsonElement receipts, TimeSpan began)
    {
        foreach (var item in receipts.GetProperty("items").EnumerateArray())
        {
            _recorded.Enqueue(new Recorded(item.GetProperty("id").GetString()!, item.GetProperty("seq").GetInt64(),
                item.GetProperty("hash").GetString()!, began, Elapsed()));
        }
    }

    public TimeSpan Elapsed() => TimeProvider.System.GetElapsedTime(_began);

    /// <summary>Reads the chain, entry by entry, and as one export; answers how many entries it has.</summary>
    public async Task<int> CheckAsync(GatehouseProcess host)
    {
        var chain = await ReadAllAsync(host);
        AssertOneChain(chain);
        AssertHolds(chain);
        var (status, verdict) = await host.SendAsync(HttpMethod.Post, $"{Path}/verify", "{}");
        Assert.True(status == 200 && verdict.GetProperty("ok").GetBoolean(), $"{status} {verdict}");
        Assert.True(verdict.GetProperty("checked").GetInt64() >= chain.Count, $"{verdict}");
        await AssertVerifiedOfflineAsync(host, chain.Count);
        return chain.Count;
    }

    /// <summary>By a program that shares nothing with what made the chain but the formats.</summary>
    private async Task AssertVerifiedOfflineAsync(GatehouseProcess host, int count)
    {
        using var folder = new TempFolder();
        var (export, keys) = (System.IO.Path.Combine(folder.Path, "export"), System.IO.Path.Combine(folder.Path, "keys"));
        await host.DownloadAsync($"{Path}/export", export);
        await host.DownloadAsync($"/v1/tenants/{tenant}/keys/jwks.json?revoked=include", keys);
        var start = new ProcessStartInfo(
            "dotnet", [GatehouseProcess.Executable("Verifier"), export, "--jwks", keys, "--json"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var verifier = Process.Start(start)!;
        var errors = verifier.StandardError.ReadToEndAsync();
        var said = await verifier.StandardOutput.ReadToEndAsync();
        await verifier.WaitForExitAsync();
        Assert.True(verifier.ExitCode == 0, $"{verifier.ExitCode}: {said} {await errors}");
        using var report = JsonDocument.Parse(said);
        Assert.True(report.RootElement.GetProperty("count").GetInt64() >= count, said);
    }

    private async Task<List<byte[]>> ReadAllAsync(GatehouseProcess host)
    {
        var chain = new List<byte[]>();
        for (long? from = 0; from is { } start;)
        {
            var (status, page) = await host.SendAsync(HttpMethod.Get, string.Create(
                CultureInfo.InvariantCulture, $"{Path}/events?limit=1000&from={start}"));
            Assert.Equal(200, status);
            foreach (var item in page.GetProperty("items").EnumerateArray())
            {
                var text = item.GetRawText();
                var entry = Encoding.UTF8.GetBytes(text[..text.LastIndexOf(",\"hash\":", StringComparison.Ordinal)] + "}");
                Assert.Equal(item.GetProperty("hash").GetString(), Hash(entry));
                chain.Add(entry);
            }

            from = page.GetProperty("next").ValueKind is JsonValueKind.Null ? null : page.GetProperty("next").GetInt64();
        }

        return chain;
    }

    private void AssertOneChain(List<byte[]> chain)
    {
        var previous = AuditEntry.Genesis;
        foreach (var (seq, bytes) in chain.Index())
        {
            var (entry, owner, before, _) = AuditEntry.Read(bytes);
            Assert.Equal((seq, tenant, previous), (entry.Seq, owner, before));
            previous = Hash(bytes);
        }

        Assert.Equal(chain.Count, chain.Select(bytes => AuditEntry.Read(bytes).Entry.Id).Distinct().Count());
    }

    private void AssertHolds(List<byte[]> chain)
    {
        Assert.All(_recorded, one => Assert.Equal(
            (one.Id, one.Hash), (AuditEntry.Read(chain[(int)one.Seq]).Entry.Id, Hash(chain[(int)one.Seq]))));
        // Real time: what had ended before another began stands before it.
        var began = TimeSpan.Zero;
        foreach (var one in _recorded.OrderBy(one => one.Seq))
        {
            Assert.True(one.Ended >= began, $"{one.Id} stands behind an event that began after it had ended.");
            began = one.Began > began ? one.Began : began;
        }
    }

    private static string Hash(byte[] entry) => Convert.ToHexStringLower(MerkleTree.Leaf(entry));
}
