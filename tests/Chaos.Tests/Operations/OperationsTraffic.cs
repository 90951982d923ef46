using System.Globalization;
using System.Text.Json;
using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.Operations;

/// <summary>What callers do: everything once, and then a little of the usual all the time.</summary>
internal sealed class OperationsTraffic(GatehouseProcess api) : IAsyncDisposable
{
    private const string Tenant = "/v1/tenants/acme";
    private const string Other = "/v1/tenants/other";
    private const string Event = """{"actor":{"type":"user","id":"7"},"action":"login","outcome":"success"}""";

    private static readonly TimeSpan DoneWithin = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _end = new();
    private Task _going = Task.CompletedTask;

    public async Task UseEverythingAsync()
    {
        await DoAsync(HttpMethod.Put, Tenant, "{}");
        await DoAsync(HttpMethod.Put, Other, "{}");
        await LimitAsync();
        await SignAsync();
        await AuditAsync();
        await RepeatAsync();
        await FailAtTheDoorAsync();
    }

    /// <summary>Goes on until it is disposed of, whatever is answered.</summary>
    public void KeepGoing() => _going = Task.WhenAll(GoOnAsync(), FollowAsync());

    /// <summary>A count and a chain are used, the store forgets them, and they are asked for again.</summary>
    public async Task ForgetAsync(Func<string, Task> forget)
    {
        const string Frozen = "/v1/tenants/frozen";
        await DoAsync(HttpMethod.Put, Frozen, "{}");
        await DoAsync(HttpMethod.Post, $"{Frozen}/audit/events", Event);
        await Eventually.HoldsAsync(
            async () => (await api.SendRawAsync($"{Frozen}/audit/checkpoint")).IsSuccessStatusCode, DoneWithin);
        await DoneAsync(() => api.CheckAsync("acme", "strict", "forgotten", cost: 100));
        await forget("gatehouse:audit-*{frozen}*");
        await forget("gatehouse:ceiling:*forgotten*");
        await Eventually.HoldsAsync(
            async () => (await api.SendAsync(HttpMethod.Post, $"{Frozen}/audit/events", Event)).Status == 503, DoneWithin);
        await DoneAsync(() => api.CheckAsync("acme", "strict", "forgotten", cost: 200));
        await DoAsync(HttpMethod.Post, $"{Frozen}/audit/repair", "{}");
    }

    /// <summary>Many callers at once, each of whom needs the store; whatever is answered.</summary>
    public Task BurstAsync(string name) => Task.WhenAll(Enumerable.Range(0, 150).Select(i => TryAsync(() => (i % 5) switch
    {
        0 => api.CheckAsync("acme", "strict", $"{name}-{i}"),
        1 => api.CheckAsync("acme", "warm", $"{name}-{i}"),
        2 => api.PutPolicyAsync("acme", $"burst-{i}", Warm(10)),
        3 => api.SendAsync(HttpMethod.Post, $"{Tenant}/audit/events", Event),
        _ => api.SendAsync(HttpMethod.Post, $"{Tenant}/idempotency/begin", Begin($"{name}-{i}")),
    })));

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _going;
        _end.Dispose();
    }

    private async Task LimitAsync()
    {
        foreach (var (name, policy) in new[]
        {
            ("warm", Warm(5)),
            ("strict", Warm(1000, ""","onStoreFailure":"deny" """)),
            ("shadow", Warm(1, ""","mode":"shadow" """)),
            ("listed", Warm(10, ""","allow":["192.0.2.0/24"],"deny":["198.51.100.0/24"] """)),
            ("everywhere", Warm(20, ""","global":{"mode":"eventual","multiplier":1} """)),
        })
        {
            await DoAsync(HttpMethod.Put, $"{Tenant}/rate-limits/{name}", policy);
        }

        foreach (var (name, cost, calls) in new[]
        {
            ("warm", 1, 7), ("shadow", 1, 3), ("everywhere", 1, 30), ("default", 50, 2), ("strict", 1, 1),
        })
        {
            for (var i = 0; i < calls; i++)
            {
                await DoneAsync(() => api.CheckAsync("acme", name, "a", cost));
            }
        }

        await api.CheckAsync("acme", "warm", "a", cost: 6);
        // More than is reserved for it, and one chunk.
        await api.CheckAsync("acme", "strict", "a", cost: 700);
        foreach (var address in new[] { "192.0.2.1", "198.51.100.1" })
        {
            await api.SendAsync(HttpMethod.Post, $"{Tenant}/rate-limits/listed/check", $$"""{"ip":"{{address}}"}""");
        }

    }

    private async Task SignAsync()
    {
        var signed = await DoneAsync(() => api.KeyAsync("acme", "sign", """{"data":"AA=="}"""));
        var signature = JsonSerializer.Serialize(new
        {
            version = "v1", algorithm = "ES256", signature = signed.GetProperty("signature").GetString(), data = "AA==",
        });
        await DoAsync(HttpMethod.Post, $"{Tenant}/keys/verify", signature);
        await DoAsync(HttpMethod.Post, $"{Tenant}/keys/rotate", """{"emergency":true}""");
        await DoAsync(HttpMethod.Post, $"{Tenant}/keys/v1/revoke", "{}");
        await DoAsync(HttpMethod.Post, $"{Tenant}/keys/verify", signature);
        await api.KeyAsync("acme", "sign", """{"data":"AA==","version":"v1"}""");
    }

    private async Task AuditAsync()
    {
        await DoAsync(HttpMethod.Post, $"{Tenant}/audit/events", Event);
        await DoAsync(HttpMethod.Get, $"{Tenant}/audit/events", null);
        await DoneAsync(async () =>
        {
            // Its first line is the checkpoint, or all of it the refusal.
            using var export = await api.SendRawAsync($"{Tenant}/audit/export");
            using var text = new StreamReader(await export.Content.ReadAsStreamAsync());
            return ((int)export.StatusCode, JsonDocument.Parse((await text.ReadLineAsync())!).RootElement);
        });
    }

    private async Task RepeatAsync()
    {
        // The API as a service uses it, and this API's own requests with a key. The second one leaves a reminder, too.
        await DoAsync(HttpMethod.Post, $"{Tenant}/idempotency/begin", Begin("k"));
        await DoAsync(HttpMethod.Post, $"{Tenant}/idempotency/begin", Begin("k"));
        await DoAsync(HttpMethod.Post, $"{Tenant}/idempotency/complete",
            """{"endpoint":"POST /orders","key":"k","epoch":1,"response":{"status":200,"headers":{},"body":"AA=="}}""");
        await DoAsync(HttpMethod.Post, $"{Tenant}/idempotency/begin", Begin("k"));
        for (var i = 0; i < 2; i++)
        {
            await DoneAsync(async () =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, $"{Tenant}/keys/rotate")
                {
                    Content = new StringContent("{}", null, "application/json"),
                };
                request.Headers.Add("Idempotency-Key", "\"k\"");
                return await api.SendAsync(request);
            });
        }
    }

    private async Task FailAtTheDoorAsync()
    {
        using var stranger = new HttpRequestMessage(HttpMethod.Get, Tenant);
        stranger.Headers.Add("Authorization", "Bearer gh_acme.x_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        using var unknown = await api.Client.SendAsync(stranger);
        Assert.Equal(401, (int)unknown.StatusCode);

        // A proxy that does not say for whom it asks.
        var key = await DoAsync(HttpMethod.Post, $"{Tenant}/api-keys", """{"scopes":["ratelimit"]}""");
        using var proxy = new HttpRequestMessage(HttpMethod.Get, "/authz/forward/acme/warm");
        proxy.Headers.Add("X-Gatehouse-Key", key.GetProperty("key").GetString());
        using var refused = await api.Client.SendAsync(proxy);
        Assert.Equal(400, (int)refused.StatusCode);
    }

    private async Task GoOnAsync()
    {
        for (var i = 0; !_end.IsCancellationRequested; i++)
        {
            // A caller who is refused, which the host remembers, until it is made to forget.
            await TryAsync(() => i % 50 == 49
                ? api.SendAsync(HttpMethod.Post, $"{Tenant}/rate-limits/warm/reset", """{"subject":"a"}""")
                : api.CheckAsync("acme", "warm", "a"));
            await Task.WhenAll(
                TryAsync(() => api.CheckAsync("acme", "strict", $"s-{i % 50}")),
                TryAsync(() => api.SendAsync(HttpMethod.Post, $"{Tenant}/audit/events", Event)),
                TryAsync(() => api.SendAsync(HttpMethod.Post, $"{Other}/audit/events", Event)),
                TryAsync(() => api.KeyAsync("acme", "sign", """{"data":"AA=="}""")),
                Task.Delay(100, CancellationToken.None));
        }
    }

    /// <summary>Reads the live tail of a chain, which outlasts whatever happens to the chain.</summary>
    private Task FollowAsync() => TryAsync(async () =>
    {
        using var tail = await api.SendRawAsync($"{Tenant}/audit/tail");
        using var lines = new StreamReader(await tail.Content.ReadAsStreamAsync(CancellationToken.None));
        while (await lines.ReadLineAsync(_end.Token) is not null)
        {
            // What is in them is other tests' business.
        }
    });

    private static async Task TryAsync(Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (Exception failure)
            when (failure is HttpRequestException or OperationCanceledException or JsonException or IOException)
        {
            // The host itself is not lost in any of the faults, but an answer may come too late.
        }
    }

    /// <summary>Sends it until it is not refused for overload: a busy machine has that at a first use, which is slow.</summary>
    private static async Task<JsonElement> DoneAsync(Func<Task<(int Status, JsonElement Body)>> call)
    {
        var (status, body) = (0, default(JsonElement));
        await Eventually.HoldsAsync(
            async () =>
            {
                (status, body) = await call();
                return !body.ToString().Contains("service_overloaded", StringComparison.Ordinal) && status != 503;
            },
            DoneWithin, () => $"{body}");
        Assert.True(status is 200 or 201 or 409 or 429, $"{status} {body}");
        return body;
    }

    private Task<JsonElement> DoAsync(HttpMethod method, string path, string? body) =>
        DoneAsync(() => api.SendAsync(method, path, body));

    private static string Begin(string key) => $$"""{"endpoint":"POST /orders","path":"/orders","key":"{{key}}"}""";

    private static string Warm(int limit, string more = "") => string.Create(CultureInfo.InvariantCulture,
        $$"""{"limit":{{limit}},"window":"00:01:00","coldStart":{"duration":"00:00:00"}{{more}}}""");
}
