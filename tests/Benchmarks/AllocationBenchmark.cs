using Gatehouse.Benchmarks.Tables;
using Gatehouse.Grains.Abstractions.SigningKeys;

namespace Gatehouse.Benchmarks;

/// <summary>What one request of each kind allocates in the host, door, body, grain and answer in all.</summary>
internal static class AllocationBenchmark
{
    private const int Connections = 32;
    private const int AppendsPerSecond = 30_000;
    private static readonly Alternation Alternation = new(5, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));

    public static async Task<int> RunAsync()
    {
        await using var host = await BenchmarkHost.StartAsync();
        // The key ring is made by the first signature.
        await host.Services.GetRequiredService<ISignatures>().SignAsync("bench", null, [new byte[256]]);
        var client = new LoadClient(host.Url, Connections);
        var empty = new Contender("empty pipeline", client, host.Requests("empty"), 200);
        IReadOnlyList<Contender> contenders =
        [
            empty,
            new("check", client, host.Requests("check"), 200),
            new("denied", client, [host.Denied], 429),
            IdempotencyBenchmark.Begins(host, client),
            Appends(host, client),
            new("sign", client, [KeysBenchmark.SignRequest(host, "sign")], 200),
        ];
        await Alternation.RunAsync(contenders);
        var table = new MarkdownTable(
            "request", "bytes: median", "spread", "more than an empty pipeline", "CPU us, client's too");
        foreach (var contender in contenders)
        {
            var bytes = Row.Of(contender.Name, contender.All(load => load.BytesPerRequest));
            table.Add(bytes.What, Row.Number(bytes.Median), bytes.Spread,
                Row.Number(bytes.Median - empty.Median(load => load.BytesPerRequest)),
                Row.Number(contender.Median(load => load.ProcessorMicroseconds)));
        }

        await BenchmarkDocument.WriteAsync("allocation",
            $"{Alternation.Rounds} rounds, {Connections} connections. {Machine.Describe()}\n\n{table}");
        return 0;
    }

    /// <summary>Each event has an id of its own.</summary>
    private static Contender Appends(BenchmarkHost host, LoadClient client) => new("append", client, [], 201)
    {
        Fresh = time => [.. Enumerable.Range(0, (int)(AppendsPerSecond * time.TotalSeconds)).Select(_ =>
            LoadClient.Request("/v1/tenants/bench/audit/events", host.Key, AuditEvents.Body(AuditEvents.Next())))],
    };
}
