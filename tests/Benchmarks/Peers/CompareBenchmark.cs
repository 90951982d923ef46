using Gatehouse.Benchmarks.Tables;
using Gatehouse.Grains.Abstractions;

namespace Gatehouse.Benchmarks.Peers;

/// <summary>
/// What a user would pick instead, on the same machine, from the same load generator, in turn. Each server is a process
/// of its own, so that its processor time is its own too.
/// </summary>
internal static class CompareBenchmark
{
    private const int Connections = 32;
    private const int Callers = 64;
    private static readonly Alternation Alternation = new(7, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1.5));
    private static readonly TimeSpan AuditTurn = TimeSpan.FromSeconds(2);

    public static async Task<int> RunAsync()
    {
        if (!NginxServer.IsInstalled || !NodeServer.IsInstalled || PostgresServer.Program is null)
        {
            Console.Error.WriteLine(
                "Install nginx and PostgreSQL, and run npm ci --ignore-scripts in tests/Benchmarks/Peers/node first.");
            return 1;
        }

        var (limits, chains) = (await LimitsAsync(), await ChainsAsync());
        await BenchmarkDocument.WriteAsync("compare",
            $"{Machine.Describe()}\n\n{Connections} connections, {BenchmarkHost.Subjects:N0} subjects, " +
            $"{Alternation.Rounds} rounds. Processor time and memory are those of the servers, their Redis with them.\n\n" +
            $"{limits}\n\n{Callers} callers, one tenant, {Alternation.Rounds} rounds, entries of " +
            $"{AuditEvents.Entry.Length} bytes. Processor time is that of the servers and of the callers.\n\n{chains}");
        return 0;
    }

    private static async Task<MarkdownTable> LimitsAsync()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var gatehouse = await Serve.StartGatehouseAsync(redis.ConnectionString);
        await using var limiter = await Serve.StartLimiterAsync();
        await using var nginx = await NginxServer.StartAsync();
        await using var node = await NodeServer.StartAsync(redis.ConnectionString);
        var (host, key) = Serve.Read(gatehouse);
        Contender[] contenders =
        [
            Of("Gatehouse, check", host, Posts(BenchmarkHost.Path("open", "check"), key), gatehouse.Tree, redis.Tree),
            Of("script per request, same host", host, Posts(BenchmarkHost.Path("open", "script"), key),
                gatehouse.Tree, redis.Tree),
            Of("rate-limiter-flexible on Redis", Serve.Read(node).Url, Posts("/check", "none"), node.Tree, redis.Tree),
            Of("ASP.NET rate limiting", Serve.Read(limiter).Url,
                [.. BenchmarkHost.Bodies(BenchmarkHost.Subjects).Select((body, i) =>
                    LoadClient.Request($"/check/10.0.{i / 250}.{i % 250}", "none", body))], limiter.Tree),
            Of("nginx limit_req", nginx.Url, NginxServer.Requests(BenchmarkHost.Subjects), nginx.Process.Tree),
        ];
        await Alternation.RunAsync(contenders);
        Report.Print(contenders);
        return Table(contenders);
    }

    private static Contender Of(string name, Uri url, byte[][] requests, params ProcessTree[] servers) =>
        new(name, new LoadClient(url, Connections), requests, 200) { Servers = servers };

    private static byte[][] Posts(string path, string key) =>
        [.. BenchmarkHost.Bodies(BenchmarkHost.Subjects).Select(body => LoadClient.Request(path, key, body))];

    private static MarkdownTable Table(Contender[] contenders)
    {
        var table = new MarkdownTable(
            "", "requests/s", "spread", "Gatehouse / this", "p50 ms", "p99 ms", "CPU us/request", "memory MiB");
        foreach (var contender in contenders)
        {
            var rate = Row.Of(contender.Name, contender.All(load => load.PerSecond));
            table.Add(rate.What, Row.Number(rate.Median), rate.Spread,
                Row.Number(Row.MedianOf(contenders[0].RatiosTo(contender))),
                Row.Number(contender.Median(load => load.Milliseconds(0.5))),
                Row.Number(contender.Median(load => load.Milliseconds(0.99))),
                Row.Number(contender.Median(load => load.ServerMicroseconds)),
                Row.Number(contender.Servers.Sum(server => server.Memory) / 1048576.0));
        }

        return table;
    }

    private static async Task<MarkdownTable> ChainsAsync()
    {
        await using var host = await BenchmarkHost.StartAsync();
        await host.Redis!.SyncAlwaysAsync();
        await using var postgres = await PostgresServer.StartAsync(Callers);
        var grains = host.Services.GetRequiredService<IGrainFactory>();
        CallTurns[] contenders =
        [
            new("Gatehouse, audit append", Callers,
                () => grains.AuditChain("bench").AppendAsync([AuditEvents.Next()]), host.Redis.Tree),
            new("PostgreSQL, chained hashes", Callers, () => postgres.AppendAsync(AuditEvents.Entry), postgres.Process.Tree),
        ];
        foreach (var contender in contenders)
        {
            await contender.WarmUpAsync(AuditTurn);
        }

        for (var round = 0; round < Alternation.Rounds; round++)
        {
            foreach (var contender in contenders)
            {
                await contender.TakeTurnAsync(AuditTurn);
            }
        }

        var table = new MarkdownTable("", "events/s", "spread", "Gatehouse / this", "p50 ms", "p99 ms", "CPU us/event");
        foreach (var contender in contenders)
        {
            contender.Print();
            var rate = Row.Of(contender.Name, contender.All(turn => turn.PerSecond));
            table.Add(rate.What, Row.Number(rate.Median), rate.Spread,
                Row.Number(Row.MedianOf(contenders[0].RatiosTo(contender))),
                Row.Number(Row.MedianOf(contender.All(turn => turn.Milliseconds(0.5)))),
                Row.Number(Row.MedianOf(contender.All(turn => turn.Milliseconds(0.99)))),
                Row.Number(Row.MedianOf(contender.All(turn => turn.ProcessorMicroseconds))));
        }

        return table;
    }
}
