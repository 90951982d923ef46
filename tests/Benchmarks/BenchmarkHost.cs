using System.Net.Http.Json;
using System.Text.Json;
using Gatehouse.ApiHost.Hosting;
using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.Idempotency;
using Gatehouse.ApiHost.RateLimiting;
using Gatehouse.ApiHost.SigningKeys;
using Gatehouse.Benchmarks.Peers;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Tenants;
using StackExchange.Redis;

namespace Gatehouse.Benchmarks;

/// <summary>
/// The real host in this process, on a real Redis where there is one, with routes to compare with beside its own.
/// </summary>
internal sealed class BenchmarkHost : IAsyncDisposable
{
    /// <summary>How many subjects the requests name.</summary>
    public const int Subjects = 1000;

    private const string AdminKey = "an-admin-key-for-benchmarks-0123456789";
    /// <summary>The key-encryption key of every process.</summary>
    public const string Kek = "xZ1mJZkq3m0Yb1Vh9qTn2rK6sW8uD4fG5hJ7kL0pQwE=";
    private const string Policies = "/v1/tenants/bench/rate-limits";
    private const string Route = "/v1/tenants/{tenant}/rate-limits/{policy}";

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
    private readonly IReadOnlyList<ServerProcess> _silos;
    private readonly DirectoryInfo _folder;

    private BenchmarkHost(
        WebApplication app, RedisProcess? redis, IReadOnlyList<ServerProcess> silos, DirectoryInfo folder) =>
        (_app, Redis, _silos, _folder) = (app, redis, silos, folder);

    /// <summary>Null where redis-server is not installed.</summary>
    public RedisProcess? Redis { get; }

    public Uri Url => new(_app.Urls.First());

    public IServiceProvider Services => _app.Services;

    public string Store => Redis is null ? "the embedded store (redis-server is not installed)" : "redis-server";

    public string Key { get; private set; } = "";

    /// <summary>The processes beside this one that work for it.</summary>
    public IReadOnlyList<ProcessTree> Others =>
        [.. _silos.Select(silo => silo.Tree), .. Redis is { } redis ? [redis.Tree] : Array.Empty<ProcessTree>()];

    /// <summary>One process that is API host and silo.</summary>
    public static async Task<BenchmarkHost> StartAsync(params (string Name, string Value)[] settings)
    {
        var redis = await RedisProcess.TryStartAsync();
        return await StartCoHostedAsync(redis, redis?.ConnectionString, settings);
    }

    /// <summary>The same on a Redis that others use too.</summary>
    public static Task<BenchmarkHost> StartOnAsync(string redis) => StartCoHostedAsync(null, redis);

    /// <summary>An API host in this process, a client of silos in others. It needs redis-server.</summary>
    public static async Task<BenchmarkHost> StartClientAsync(int silos = 1)
    {
        var (redis, folder) = (await RedisProcess.StartAsync(), NewFolder());
        var processes = new List<ServerProcess>();
        for (var silo = 0; silo < silos; silo++)
        {
            processes.Add(await GatehouseProcesses.StartSiloAsync(redis.ConnectionString, folder.FullName));
        }

        var app = Build(folder, redis.ConnectionString, "Client");
        MapEmpty(app);
        return await StartAsync(new BenchmarkHost(app, redis, processes, folder));
    }

    public static string Path(string policy, string action) => $"{Policies}/{policy}/{action}";

    /// <summary>One request for each subject, of a policy that admits all.</summary>
    public byte[][] Requests(string action, int subjects = Subjects) =>
        [.. Bodies(subjects).Select(body => LoadClient.Request(Path("open", action), Key, body))];

    /// <summary>A check of a subject that is refused.</summary>
    public byte[] Denied => LoadClient.Request(Path("shut", "check"), Key, """{"subject":"x"}""");

    /// <summary>What a check says of each subject.</summary>
    public static IEnumerable<string> Bodies(int subjects) => Enumerable.Range(0, subjects)
        .Select(static i => $$"""{"ip":"10.{{i / 62_500}}.{{i / 250 % 250}}.{{i % 250}}","cost":1}""");

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        foreach (var silo in _silos)
        {
            await silo.DisposeAsync();
        }

        if (Redis is { } redis)
        {
            await redis.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    private static async Task<BenchmarkHost> StartCoHostedAsync(
        RedisProcess? redis, string? store, params (string Name, string Value)[] settings)
    {
        var folder = NewFolder();
        var app = Build(folder, store, "Embedded", settings);
        MapEmpty(app);
        MapScript(app);
        return await StartAsync(new BenchmarkHost(app, redis, [], folder));
    }

    private static DirectoryInfo NewFolder() => Directory.CreateTempSubdirectory("gatehouse-bench-");

    private static WebApplication Build(
        DirectoryInfo folder, string? redis, string topology, params (string Name, string Value)[] settings) =>
        GatehouseHost.Build(["--environment", "Production", "--urls", "http://127.0.0.1:0"], builder =>
        {
            builder.Logging.ClearProviders();
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Gatehouse:Topology"] = topology,
                ["Gatehouse:DataDirectory"] = folder.FullName,
                ["Gatehouse:Auth:AdminKey"] = AdminKey,
                ["Gatehouse:SigningKeys:Kek"] = Kek,
                ["Gatehouse:Redis:ConnectionString"] = redis,
                ["Gatehouse:Http:ClientRequestsPerSecond"] = "0",
                ["Gatehouse:Http:TenantRequestsPerSecond"] = "0",
                ["Gatehouse:RateLimiting:TrackedSubjectsMax"] = "2000000",
            });
            builder.Configuration.AddInMemoryCollection(
                settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value)));
        });

    private static async Task<BenchmarkHost> StartAsync(BenchmarkHost host)
    {
        await host._app.StartAsync();
        await host.SetUpAsync();
        return host;
    }

    /// <summary>The same door, the same body, and nothing done: no tenant looked up, no grain, an empty answer.</summary>
    private static void MapEmpty(WebApplication app)
    {
        app.MapPost("/v1/tenants/{tenant}/keys/empty", static (string tenant, SignRequest request) =>
        {
            _ = (tenant, request);
            return Results.Ok();
        }).RequireScope(Scopes.KeysSign);
        app.MapPost("/v1/tenants/{tenant}/idempotency/empty", static (string tenant, BeginRequest request) =>
        {
            _ = (tenant, request);
            return Results.Ok();
        }).RequireScope(Scopes.IdempotencyWrite);
        app.MapPost($"{Route}/empty", static (string tenant, string policy, CheckRequest request) =>
        {
            _ = (tenant, policy, request);
            return Results.Ok();
        }).RequireScope(Scopes.RateLimitCheck);
    }

    private static void MapScript(WebApplication app) =>
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

    /// <summary>Somebody who may do everything.</summary>
    public HttpClient CreateAdminClient()
    {
        var client = new HttpClient { BaseAddress = Url };
        client.DefaultRequestHeaders.Authorization = new("Bearer", AdminKey);
        return client;
    }

    public async Task CreateTenantAsync(string tenant)
    {
        using var client = CreateAdminClient();
        await SendAsync(client, HttpMethod.Put, $"/v1/tenants/{tenant}", "{}");
    }

    private async Task SetUpAsync()
    {
        await CreateTenantAsync("bench");
        using var client = CreateAdminClient();
        var key = await SendAsync(client, HttpMethod.Post, "/v1/tenants/bench/api-keys",
            """{"scopes":["ratelimit","keys","idempotency","audit"]}""");
        Key = key.GetProperty("key").GetString()!;
        await SendAsync(client, HttpMethod.Put, $"{Policies}/open", """{"limit":1000000000,"window":"00:01:00"}""");
        // Not cold: a refusal in a young region is asked for again every second, in case the region turns out older.
        await SendAsync(client, HttpMethod.Put, $"{Policies}/shut",
            """{"limit":1,"window":"1.00:00:00","coldStart":{"duration":"00:00:00"}}""");
        await SendAsync(client, HttpMethod.Post, $"{Policies}/shut/check", """{"subject":"x"}""");
    }

    private static async Task<JsonElement> SendAsync(HttpClient client, HttpMethod method, string path, string body)
    {
        using var content = new StringContent(body, null, "application/json");
        using var request = new HttpRequestMessage(method, path) { Content = content };
        using var response = await client.SendAsync(request);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }
}
