using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json;
using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.Operations;

/// <summary>What the tests of restores do to one region of one process, and what they ask of it afterwards.</summary>
internal sealed class RestoredRegion : IAsyncDisposable
{
    public const string Tenant = "acme";

    private const string Audit = $"/v1/tenants/{Tenant}/audit";
    private readonly TempFolder _folder = new();
    private readonly Dictionary<string, string> _settings;
    private GatehouseProcess? _host;

    /// <param name="redis">Its Redis.</param>
    /// <param name="archive">Of its PostgreSQL; null: a SQLite file.</param>
    public RestoredRegion(RedisServer redis, string? archive = null)
    {
        _settings = new Dictionary<string, string>(redis.Settings) { ["Gatehouse:Topology"] = "CoHosted" };
        if (archive is not null)
        {
            (_settings["Gatehouse:Archive:Provider"], _settings["Gatehouse:Archive:ConnectionString"]) = ("Postgres", archive);
        }
    }

    public GatehouseProcess Host => _host!;

    /// <summary>The SQLite file of the archive.</summary>
    public string Archive => At("archive.db");

    /// <summary>A file or folder beside the region's data.</summary>
    public string At(string name) => Path.Combine(_folder.Path, name);

    public async Task StartAsync(string deployment = "gatehouse")
    {
        _settings["Gatehouse:Audit:Deployment"] = deployment;
        _host = await GatehouseProcess.StartAsync(_folder.Path, _settings);
    }

    /// <summary>Starts with another PostgreSQL.</summary>
    public Task StartOnAsync(string archive)
    {
        _settings["Gatehouse:Archive:ConnectionString"] = archive;
        return StartAsync();
    }

    /// <summary>kill -9: nothing is handed over.</summary>
    public async Task KillAsync()
    {
        await Host.KillAsync();
        await Host.DisposeAsync();
    }

    public void LoseArchive()
    {
        foreach (var file in Directory.EnumerateFiles(_folder.Path, "archive.db*"))
        {
            File.Delete(file);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        _folder.Dispose();
    }

    /// <summary>Sends one request that must be answered so.</summary>
    public async Task<JsonElement> ExpectAsync(int status, HttpMethod method, string path, string? body = null)
    {
        var (answered, answer) = await Host.SendAsync(method, path, body);
        Assert.True(answered == status, $"{method} {path}: {answered}, not {status}. {answer}");
        return answer;
    }

    /// <summary>Records events with ids of one series.</summary>
    public Task<JsonElement> AppendAsync(string series, int count, int status = 201)
    {
        var events = Enumerable.Range(0, count).Select(i => $$"""
            {"id":"{{series}}-{{i}}","actor":{"type":"user","id":"7"},"action":"order.refund","outcome":"success"}
            """);
        return ExpectAsync(status, HttpMethod.Post, $"{Audit}/events", $$"""{"events":[{{string.Join(',', events)}}]}""");
    }

    /// <summary>Has everything that is recorded archived and signed; keeps the checkpoint and answers its size.</summary>
    public async Task<long> KeepAsync(string file)
    {
        var head = await ExpectAsync(200, HttpMethod.Get, $"{Audit}/head");
        await ExpectAsync(200, HttpMethod.Get, $"{Audit}/events/{head.GetProperty("size").GetInt64() - 1}/proof");
        await Host.DownloadAsync($"{Audit}/checkpoint", At(file));
        return long.Parse((await File.ReadAllLinesAsync(At(file)))[1]);
    }

    public Task KeepKeysAsync(string file) =>
        Host.DownloadAsync($"/v1/tenants/{Tenant}/keys/jwks.json?revoked=include", At(file));

    public Task<JsonElement> StateAsync() => ExpectAsync(200, HttpMethod.Get, $"{Audit}/state");

    public Task<JsonElement> RepairAsync(int status = 200, string body = "{}") =>
        ExpectAsync(status, HttpMethod.Post, $"{Audit}/repair", body);

    /// <summary>Everything that both stores hold is one chain, by the product's own account.</summary>
    public async Task<long> VerifyAsync()
    {
        var verdict = await ExpectAsync(200, HttpMethod.Post, $"{Audit}/verify", "{}");
        Assert.True(verdict.GetProperty("ok").GetBoolean(), $"{verdict}");
        return verdict.GetProperty("checked").GetInt64();
    }

    /// <summary>Exports the chain and verifies it offline, by the keys of now and a checkpoint that was kept.</summary>
    public async Task<(int ExitCode, string Said)> VerifyOfflineAsync(string? kept = null, string? keys = null)
    {
        await Host.DownloadAsync($"{Audit}/export", At("export.ndjson"));
        if (keys is null)
        {
            await KeepKeysAsync(keys = "keys-now.json");
        }

        string[] checkpoint = kept is null ? [] : ["--checkpoint", At(kept)];
        var start = new ProcessStartInfo("dotnet",
        [
            GatehouseProcess.Executable("Verifier"), At("export.ndjson"), "--jwks", At(keys), .. checkpoint, "--json",
        ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var verifier = Process.Start(start)!;
        var errors = verifier.StandardError.ReadToEndAsync();
        var said = await verifier.StandardOutput.ReadToEndAsync();
        await verifier.WaitForExitAsync();
        return (verifier.ExitCode, said + await errors);
    }

    /// <summary>What a request with an idempotency key is told at its beginning.</summary>
    public async Task<(string State, long Epoch)> BeginAsync(string key)
    {
        var answer = await ExpectAsync(200, HttpMethod.Post, $"/v1/tenants/{Tenant}/idempotency/begin",
            $$"""{"endpoint":"POST /orders/{id}/refund","path":"/orders/7/refund","key":"{{key}}","fingerprint":"f"}""");
        return (answer.GetProperty("state").GetString()!, answer.GetProperty("epoch").GetInt64());
    }

    /// <summary>Does a request with an idempotency key.</summary>
    public async Task DoAsync(string key)
    {
        var (state, epoch) = await BeginAsync(key);
        Assert.Equal("started", state);
        await ExpectAsync(200, HttpMethod.Post, $"/v1/tenants/{Tenant}/idempotency/complete", $$"""
            {"endpoint":"POST /orders/{id}/refund","key":"{{key}}","epoch":{{epoch}},"response":{"status":201,"body":"e30="} }
            """);
    }

    /// <summary>Issues an API key.</summary>
    public async Task<(string Id, string Key)> IssueAsync()
    {
        var issued = await ExpectAsync(
            201, HttpMethod.Post, $"/v1/tenants/{Tenant}/api-keys", """{"scopes":["ratelimit"]}""");
        return (issued.GetProperty("id").GetString()!, issued.GetProperty("key").GetString()!);
    }

    public Task RevokeAsync(string id) =>
        ExpectAsync(204, HttpMethod.Delete, $"/v1/tenants/{Tenant}/api-keys/{id}");

    /// <summary>What a caller with that API key is told of a check.</summary>
    public async Task<int> StatusWithAsync(string key)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Post, $"/v1/tenants/{Tenant}/rate-limits/default/check");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        request.Content = new StringContent("""{"subject":"s"}""", null, "application/json");
        using var response = await Host.Client.SendAsync(request);
        return (int)response.StatusCode;
    }

    /// <summary>When the region started; it must be young.</summary>
    public async Task<DateTimeOffset> StartedAtAsync()
    {
        var region = await ExpectAsync(200, HttpMethod.Get, "/v1/regions/local");
        Assert.True(region.GetProperty("cold").GetBoolean());
        return region.GetProperty("startedAt").GetDateTimeOffset();
    }

    /// <summary>The membership table names the silo of now, and none of before: not even a dead one.</summary>
    public async Task AssertAloneAsync(RedisServer redis)
    {
        var cluster = await ExpectAsync(200, HttpMethod.Get, "/v1/cluster");
        Assert.Equal("intact", cluster.GetProperty("membership").GetString());
        await using var admin = await redis.ConnectAsync();
        Assert.Single(await admin.GetDatabase().HashKeysAsync("gatehouse/members/local"), row => row != "Version");
    }
}
