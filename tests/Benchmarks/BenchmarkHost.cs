using System.Net.Http.Json;
using System.Text.Json;
using Gatehouse.ApiHost.Hosting;
using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.RateLimiting;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Tenants;
using StackExchange.Redis;

namespace Gatehouse.Benchmarks;

/// <summary>
/// The real host in this process, on a real Redis where there is one, with routes to compare with beside its own.
/// </summary>
internal sealed class BenchmarkHost : IAsyncDisposable
{
    private const string AdminKey = "an-admin-key-for-benchmarks-0123456789";
    private const string Policies = "/v1/tenants/bench/rate-limits";

    // What Redis limiters do: one script per request, GCRA on one key.
    private const string Script = """
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        local tat = tonumber(redis.call('GET', KEYS[1]) or now)
        if tat < now then tat = now end
        local nextTat = tat + tonumber(ARGV[2]) / tonumber(ARGV[1])
        if nextTat - now > tonumber(ARGV[2]) then return {0, 0} end
        redis.call('SET', KEYS[1], string.format('%.6f', nextTat), 'PX', math.max(1, math.ceil(nextTat - now)))
        return {1, math.floor((tonumber(ARGV[2]) - (nextTat - now)) * tonumber(ARGV[1]) / tonumber(ARGV[2]))}
        """;

    private readonly WebApplication _app;
    private readonly RedisProcess? _redis;
    private readonly DirectoryInfo _folder;

    private BenchmarkHost(WebApplication app, RedisProcess? redis, DirectoryInfo folder) =>
        (_app, _redis, _folder) = (app, redis, folder);

    public Uri Url => new(_app.Urls.First());

    public IServiceProvider Services => _app.Services;

    public string Store => _redis is null ? "the embedded store (redis-server is not installed)" : "redis-server";

    public string Key { get; private set; } = "";

    public static async Task<BenchmarkHost> StartAsync()
    {
        var redis = RedisProcess.TryStart();
        var folder = Directory.CreateTempSubdirectory("gatehouse-bench-");
        var app = GatehouseHost.Build(["--environment", "Production", "--urls", "http://127.0.0.1:0"], builder =>
        {
            builder.Logging.ClearProviders();
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Gatehouse:DataDirectory"] = folder.FullName,
                ["Gatehouse:Auth:AdminKey"] = AdminKey,
                ["Gatehouse:Redis:ConnectionString"] = redis?.ConnectionString,
                ["Gatehouse:Http:ClientRequestsPerSecond"] = "0",
                ["Gatehouse:Http:TenantRequestsPerSecond"] = "0",
                ["Gatehouse:RateLimiting:TrackedSubjectsMax"] = "2000000",
            });
        });
        MapComparisons(app);
        await app.StartAsync();
        var host = new BenchmarkHost(app, redis, folder);
        await host.SetUpAsync();
        return host;
    }

    public static string Path(string policy, string action) => $"{Policies}/{policy}/{action}";

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _redis?.Dispose();
        _folder.Delete(recursive: true);
    }

    private static void MapComparisons(WebApplication app)
    {
        // The same door, the same body, and nothing done: no tenant looked up, no grain, an empty answer.
        const string Route = "/v1/tenants/{tenant}/rate-limits/{policy}";
        app.MapPost($"{Route}/empty", static (string tenant, string policy, CheckRequest request) =>
        {
            _ = (tenant, policy, request);
            return Results.Ok();
        }).RequireScope(Scopes.RateLimitCheck);

        app.MapPost($"{Route}/script", static async (
            string tenant, string policy, CheckRequest request, IConnectionMultiplexer redis) =>
        {
            RedisKey[] keys = [$"bench:{tenant}:{policy}:{request.Ip}"];
            var answer = (long[])(await redis.GetDatabase().ScriptEvaluateAsync(Script, keys, [1_000_000_000, 60_000]))!;
            return new CheckResult(policy, new RateLimitDecision
            {
                Allowed = answer[0] == 1,
                Reason = RateLimitReason.WithinLimit,
                Limit = 1_000_000_000,
                EffectiveLimit = 1_000_000_000,
                Remaining = answer[1],
                Window = TimeSpan.FromMinutes(1),
            });
        }).RequireScope(Scopes.RateLimitCheck);
    }

    private async Task SetUpAsync()
    {
        using var client = new HttpClient { BaseAddress = Url };
        client.DefaultRequestHeaders.Authorization = new("Bearer", AdminKey);
        await SendAsync(HttpMethod.Put, "/v1/tenants/bench", "{}");
        var key = await SendAsync(HttpMethod.Post, "/v1/tenants/bench/api-keys", """{"scopes":["ratelimit"]}""");
        Key = key.GetProperty("key").GetString()!;
        await SendAsync(HttpMethod.Put, $"{Policies}/open", """{"limit":1000000000,"window":"00:01:00"}""");
        // Not cold: a refusal in a young region is asked for again every second, in case the region turns out older.
        await SendAsync(HttpMethod.Put, $"{Policies}/shut",
            """{"limit":1,"window":"1.00:00:00","coldStart":{"duration":"00:00:00"}}""");
        await SendAsync(HttpMethod.Post, $"{Policies}/shut/check", """{"subject":"x"}""");

        async Task<JsonElement> SendAsync(HttpMethod method, string path, string body)
        {
            using var content = new StringContent(body, null, "application/json");
            using var request = new HttpRequestMessage(method, path) { Content = content };
            using var response = await client.SendAsync(request);
            response.EnsureSuccessStatusCode();
            return await response.Content.ReadFromJsonAsync<JsonElement>();
        }
    }
}
