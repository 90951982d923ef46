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
    private static readonly Alternation Alternation = new(11, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(0.8));
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

    private static async Task<string> LimitsAsync()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var gatehouse = await Serve.StartGatehouseAsync(redis.ConnectionString);
        await using var limiter = await Serve.StartLimiterAsync();
        await using var nginx = await NginxServer.StartAsync();
        await using var node = await NodeServer.StartAsync(redis.ConnectionString);
        var (host, key) = Serve.Read(gatehouse);
        var (flexible, own) = (Serve.Read(node).Url, Serve.Read(limiter).Url);
        ProcessTree[] ours = [gatehouse.Tree, redis.Tree];
        ProcessTree[] theirs = [node.Tree, redis.Tree];
        Contender[] admitted =
        [
            Of("Gatehouse, check", host, Posts(BenchmarkHost.Path("open", "check"), key), ours),
            Of("script per request, same host", host, Posts(BenchmarkHost.Path("open", "script"), key), ours),
            Of("rate-limiter-flexible on Redis", flexible, Posts("/open", "none"), theirs),
            Of("ASP.NET rate limiting", own,
                [.. BenchmarkHost.Bodies(BenchmarkHost.Subjects).Select((body, i) =>
                    LoadClient.Request($"/open/10.0.{i / 250}.{i % 250}", "none", body))], [limiter.Tree]),
            Of("nginx limit_req", nginx.Url, NginxServer.Requests(BenchmarkHost.Subjects), [nginx.Process.Tree]),
        ];
        var spent = BenchmarkHost.Bodies(1).First();
        Contender[] refused =
        [
            Spent("Gatehouse, check", host, Check(BenchmarkHost.Path("shut", "check"), key), ours),
            Spent("rate-limiter-flexible on Redis", flexible, Check("/shut", "none"), theirs),
            Spent("ASP.NET rate limiting", own, Check("/shut/x", "none"), [limiter.Tree]),
            Spent("nginx limit_req", nginx.Url, LoadClient.Get("/shut?subject=x"), [nginx.Process.Tree]),
        ];
        await Alternation.RunAsync([.. admitted, .. refused]);
        Report.Print([.. admitted, .. refused]);
        return $"{Table("admitted", admitted)}\n\n{Table("refused, one subject", refused)}";

        byte[] Check(string path, string credential) => LoadClient.Request(path, credential, spent);
    }

    /// <summary>A subject that has used up its limit; nginx, which knows rates only, lets one through each minute.</summary>
    private static Contender Spent(string name, Uri url, byte[] request, ProcessTree[] servers) =>
        new(name, new LoadClient(url, Connections), [request], 429) { Servers = servers, Other = 200 };

    /// <summary>A host that stalls beside other work refuses for a moment; that is not served, and does not count.</summary>
    private static Contender Of(string name, Uri url, byte[][] requests, ProcessTree[] servers) =>
        new(name, new LoadClient(url, Connections), requests, 200) { Servers = servers, Other = 429 };

    private static byte[][] Posts(string path, string key) =>
        [.. BenchmarkHost.Bodies(BenchmarkHost.Subjects).Select(body => LoadClient.Request(path, key, body))];

    private static MarkdownTable Table(string title, Contender[] contenders)
    {
        var table = new MarkdownTable(
            title, "requests/s", "spread", "Gatehouse / this", "p50 ms", "p99 ms", "CPU us/request", "memory MiB");
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
        var chain = host.Services.GetRequiredService<IGrainFactory>().AuditChain("bench");
        CallTurns[] contenders =
        [
            new("Gatehouse, audit append", Callers, () => chain.AppendAsync([AuditEvents.Next()]), host.Redis.Tree)
            {
                Settle = () => ChainArchive.CatchUpAsync(chain),
            },
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

        return Table(contenders);
    }

    private static MarkdownTable Table(CallTurns[] contenders)
    {
        var table = new MarkdownTable(
            "appended", "events/s", "spread", "Gatehouse / this", "p50 ms", "p99 ms", "CPU us/event");
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
