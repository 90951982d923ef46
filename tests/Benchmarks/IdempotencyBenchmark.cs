using System.Globalization;
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
    private const int Rounds = 9;
    private const int KeysPerSecond = 60_000;
    private const string Tenant = "bench";
    private const string Endpoint = "POST /orders/{id}";
    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(1);

    private static int _keys;

    public static async Task<int> RunAsync()
    {
        await using var host = await BenchmarkHost.StartAsync();
        var client = new LoadClient(host.Url, Connections);
        var grains = host.Services.GetRequiredService<IGrainFactory>();
        Contender[] contenders =
        [
            new("empty pipeline", [Request(host, "empty", "none")], 200),
            new("begin", [], 200),
            new("replay", [Request(host, "begin", "done")], 200),
        ];
        await CompleteAsync(host, grains.Idempotency(Tenant, Endpoint, "done"));
        foreach (var contender in contenders)
        {
            await client.RunAsync(Requests(host, contender, Warmup), contender.Status, Warmup);
        }

        for (var round = 0; round < Rounds; round++)
        {
            foreach (var contender in contenders)
            {
                contender.Loads.Add(
                    await client.RunAsync(Requests(host, contender, Turn), contender.Status, Turn));
            }
        }

        Console.WriteLine($"\n{Rounds} rounds, {Connections} connections, store: {host.Store}\n");
        Report.Print(contenders);
        var holds = Report.IsAtLeast("begin / empty pipeline", contenders[1].RatiosTo(contenders[0]), 0.5);
        var replays = contenders[2].RatiosTo(contenders[0]);
        Console.WriteLine($"{"replay / empty pipeline",-34}{replays[0],8:0.00}{Report.Median(replays),8:0.00}" +
            $"{replays[^1],8:0.00}");
        return await CountsAsync(host, grains) & holds ? 0 : 1;
    }

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

    /// <summary>Nobody has used these keys: one that is taken would be 409.</summary>
    private static byte[][] Requests(BenchmarkHost host, Contender contender, TimeSpan time) =>
        contender.Requests.Length > 0
            ? contender.Requests
            : [.. Enumerable.Range(0, (int)(KeysPerSecond * time.TotalSeconds)).Select(_ =>
                Request(host, "begin", (++_keys).ToString("d9", CultureInfo.InvariantCulture)))];

    private static byte[] Request(BenchmarkHost host, string action, string key) => LoadClient.Request(
        Path(action), host.Key, Body(key));

    private static string Path(string action) => $"/v1/tenants/{Tenant}/idempotency/{action}";

    private static string Body(string key) => $$"""{"endpoint":"{{Endpoint}}","path":"/orders/7","key":"{{key}}"}""";

    /// <summary>By the store's own account.</summary>
    private static async Task<bool> CountsAsync(BenchmarkHost host, IGrainFactory grains)
    {
        if (host.Redis is null)
        {
            Console.WriteLine("round trips are counted by redis-server only");
            return true;
        }

        const int Calls = 200;
        var server = await ConnectionMultiplexer.ConnectAsync($"{host.Redis.ConnectionString},allowAdmin=true");
        await using (server)
        {
            var first = await ScriptsAsync(server);
            for (var i = 0; i < Calls; i++)
            {
                var key = grains.Idempotency(Tenant, Endpoint, $"counted-{i}");
                var begun = await key.BeginAsync(Begin());
                await key.CompleteAsync(begun.Epoch, new StoredResponse { Status = 201, Body = new byte[200] });
            }

            var second = await ScriptsAsync(server);
            for (var i = 0; i < Calls; i++)
            {
                await grains.Idempotency(Tenant, Endpoint, $"counted-{i}").BeginAsync(Begin());
            }

            var third = await ScriptsAsync(server);
            Console.WriteLine();
            return Say("round trips of begin and complete", (second - first) / (double)Calls, 2)
                & Say("round trips of a replay", (third - second) / (double)Calls, 1);
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

    private static bool Say(string name, double measured, double most)
    {
        Console.WriteLine($"{name,-40}{measured,8:0.00}  <= {most:0}{(measured <= most ? "  holds" : "  MISSED")}");
        return measured <= most;
    }
}
