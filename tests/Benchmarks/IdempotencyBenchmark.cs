using System.Globalization;
using Gatehouse.Benchmarks.Tables;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Idempotency;
using StackExchange.Redis;

namespace Gatehouse.Benchmarks;

/// <summary>
/// Beginning a request over HTTP, with a key that nobody has used, beside the same pipeline without it; an answer that
/// is given again; and how often the store is asked for each.
/// </summary>
internal static class IdempotencyBenchmark
{
    private const int Connections = 64;
    private const int KeysPerSecond = 60_000;
    private const string Tenant = "bench";
    private const string Endpoint = "POST /orders/{id}";
    private static readonly Alternation Alternation = new(9, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1));

    private static int _keys;

    public static async Task<IReadOnlyList<Row>> RunAsync()
    {
        await using var host = await BenchmarkHost.StartAsync();
        var client = new LoadClient(host.Url, Connections);
        var grains = host.Services.GetRequiredService<IGrainFactory>();
        var empty = new Contender("empty pipeline", client, [Request(host, "empty", "none")], 200);
        var begin = Begins(host, client);
        var replay = new Contender("replay", client, [Request(host, "begin", "done")], 200);
        await CompleteAsync(host, grains.Idempotency(Tenant, Endpoint, "done"));
        await Alternation.RunAsync([empty, begin, replay]);
        Console.WriteLine($"\n{Connections} connections, store: {host.Store}");
        Report.Print([empty, begin, replay]);
        return
        [
            Row.AtLeast("begin / empty pipeline", begin.RatiosTo(empty), 0.5),
            Row.Of("replay / empty pipeline", replay.RatiosTo(empty)),
            .. host.Redis is { } redis ? await CountsAsync(redis, grains) : Array.Empty<Row>(),
        ];
    }

    /// <summary>Nobody has used its keys: one that is taken would be 409.</summary>
    public static Contender Begins(BenchmarkHost host, LoadClient client) => new("begin", client, [], 200)
    {
        Fresh = time => [.. Enumerable.Range(0, (int)(KeysPerSecond * time.TotalSeconds)).Select(_ =>
            Request(host, "begin", (++_keys).ToString("d9", CultureInfo.InvariantCulture)))],
    };

    /// <summary>Begun over HTTP, so that its repetitions are the same request.</summary>
    private static async Task CompleteAsync(BenchmarkHost host, IdempotencyKeyHandle key)
    {
        using var client = new HttpClient();
        using var begin = new HttpRequestMessage(HttpMethod.Post, new Uri(host.Url, Path("begin")))
        {
            Content = new StringContent(Body("done"), null, "application/json"),
        };
        begin.Headers.Authorization = new("Bearer", host.Key);
        using var begun = await client.SendAsync(begin);
        begun.EnsureSuccessStatusCode();
        await key.CompleteAsync(1, new StoredResponse { Status = 201, Body = new byte[200] });
    }

    private static byte[] Request(BenchmarkHost host, string action, string key) => LoadClient.Request(
        Path(action), host.Key, Body(key));

    private static string Path(string action) => $"/v1/tenants/{Tenant}/idempotency/{action}";

    private static string Body(string key) => $$"""{"endpoint":"{{Endpoint}}","path":"/orders/7","key":"{{key}}"}""";

    /// <summary>Commands by the store's own account, one key at a time.</summary>
    private static async Task<IReadOnlyList<Row>> CountsAsync(RedisProcess redis, IGrainFactory grains)
    {
        const int Calls = 40;
        var (both, replays) = (new List<double>(), new List<double>());
        await using var server = await ConnectionMultiplexer.ConnectAsync($"{redis.ConnectionString},allowAdmin=true");
        for (var round = 0; round < Alternation.Rounds; round++)
        {
            var of = round;
            both.Add(await CountAsync(async i =>
            {
                var key = grains.Idempotency(Tenant, Endpoint, $"counted-{of}-{i}");
                var begun = await key.BeginAsync(Begin());
                await key.CompleteAsync(begun.Epoch, new StoredResponse { Status = 201, Body = new byte[200] });
            }));
            replays.Add(await CountAsync(
                i => grains.Idempotency(Tenant, Endpoint, $"counted-{of}-{i}").BeginAsync(Begin())));
        }

        return
        [
            Row.AtMost("round trips to Redis, begin and complete", both, 2),
            Row.AtMost("round trips to Redis, replay", replays, 1),
        ];

        async Task<double> CountAsync(Func<int, Task> call)
        {
            var before = await ScriptsAsync(server);
            for (var i = 0; i < Calls; i++)
            {
                await call(i);
            }

            return (await ScriptsAsync(server) - before) / (double)Calls;
        }
    }

    private static BeginCall Begin() => new()
    {
        Fingerprint = "f",
        Owner = Guid.NewGuid().ToString("n"),
        Lease = TimeSpan.FromMinutes(1),
        Abandoned = AbandonedPolicy.Hold,
    };

    private static async Task<long> ScriptsAsync(ConnectionMultiplexer server)
    {
        var groups = await server.GetServers()[0].InfoAsync("commandstats");
        return groups.SelectMany(group => group).Where(line => line.Key is "cmdstat_evalsha" or "cmdstat_eval")
            .Sum(line => long.Parse(line.Value.Split(',')[0].Split('=')[1], CultureInfo.InvariantCulture));
    }
}
