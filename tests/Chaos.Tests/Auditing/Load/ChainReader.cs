using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Gatehouse.Chaos.Tests.Auditing.Checkers;
using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Grains.Abstractions.Auditing;
using Npgsql;

namespace Gatehouse.Chaos.Tests.Auditing.Load;

/// <summary>One tenant's chain, read in every way there is.</summary>
internal sealed class ChainReader(string tenant)
{
    private static readonly TimeSpan ArchivedWithin = TimeSpan.FromSeconds(60);

    private string Path => $"/v1/tenants/{tenant}/audit";

    /// <summary>Waits until there is nothing that only the regional store has. It gives no signal, so it is asked.</summary>
    public Task ArchivedAsync(GatehouseProcess host)
    {
        var said = "";
        return Eventually.HoldsAsync(
            async () =>
            {
                var (status, state) = await host.SendAsync(HttpMethod.Get, $"{Path}/state");
                said = $"{status} {state}";
                return status == 200 && state.GetProperty("archived").ToString()
                    == state.GetProperty("head").GetProperty("size").ToString();
            },
            ArchivedWithin, () => said);
    }

    /// <summary>Entry by entry, over the API.</summary>
    public async Task<IReadOnlyList<ChainEntry>> EntriesAsync(GatehouseProcess host)
    {
        var chain = new List<ChainEntry>();
        for (long? from = 0; from is { } start;)
        {
            var (status, page) = await host.SendAsync(HttpMethod.Get, string.Create(
                CultureInfo.InvariantCulture, $"{Path}/events?limit=1000&from={start}"));
            Assert.True(status == 200, $"{status} {page}");
            chain.AddRange(page.GetProperty("items").EnumerateArray().Select(Entry));
            from = page.GetProperty("next").ValueKind is JsonValueKind.Null ? null : page.GetProperty("next").GetInt64();
        }

        return chain;
    }

    /// <summary>Hash by hash, from the archive itself, past the service.</summary>
    public async Task<IReadOnlyList<string>> ArchivedHashesAsync(string connectionString)
    {
        await using var archive = NpgsqlDataSource.Create(connectionString);
        await using var query = archive.CreateCommand(
            "SELECT e.bytes FROM entries e JOIN chains c ON c.id = e.chain_id WHERE c.tenant = $1 ORDER BY e.seq");
        query.Parameters.AddWithValue(tenant);
        await using var rows = await query.ExecuteReaderAsync();
        var hashes = new List<string>();
        while (await rows.ReadAsync())
        {
            hashes.Add(Hash(rows.GetFieldValue<byte[]>(0)));
        }

        return hashes;
    }

    /// <summary>What the service itself says of it; null: all is well.</summary>
    public async Task<string?> FaultOfVerifyAsync(GatehouseProcess host, int count)
    {
        var (status, verdict) = await host.SendAsync(HttpMethod.Post, $"{Path}/verify", "{}");
        return status == 200 && verdict.GetProperty("ok").GetBoolean() && verdict.GetProperty("checked").GetInt64() >= count
            ? null : $"{status} {verdict}";
    }

    /// <summary>What a program says that shares nothing with what made the chain but the formats; null: all is well.</summary>
    public async Task<string?> FaultOfVerifierAsync(GatehouseProcess host, int count)
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
        if (verifier.ExitCode != 0)
        {
            return $"{verifier.ExitCode}: {said} {await errors}";
        }

        using var report = JsonDocument.Parse(said);
        return report.RootElement.GetProperty("count").GetInt64() >= count ? null : said;
    }

    private static ChainEntry Entry(JsonElement item)
    {
        var text = item.GetRawText();
        var bytes = Encoding.UTF8.GetBytes(text[..text.LastIndexOf(",\"hash\":", StringComparison.Ordinal)] + "}");
        return new ChainEntry(
            item.GetProperty("seq").GetInt64(), item.GetProperty("tenant").GetString()!, item.GetProperty("id").GetString()!,
            item.GetProperty("prevHash").GetString()!, Hash(bytes), item.GetProperty("hash").GetString()!,
            IsOwn: item.GetProperty("actor").GetProperty("type").GetString() == AuditEvent.ReservedActorType);
    }

    private static string Hash(byte[] entry) => Convert.ToHexStringLower(MerkleTree.Leaf(entry));
}
