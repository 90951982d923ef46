using System.Globalization;
using System.Text;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Auditing;
using StackExchange.Redis;

namespace Gatehouse.Benchmarks;

/// <summary>
/// Appends to one chain by 64 callers at once, beside one script per event; by one caller; and to 10,000 chains. Redis
/// writes and syncs its log before each answer (appendfsync always), and everything is archived meanwhile.
/// </summary>
internal static class AuditBenchmark
{
    private const int Callers = 64;
    private const int Rounds = 5;
    private const int Chains = 10_000;
    private const string ByScript = "by-script";
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(3);
    private static readonly byte[] Metadata = Encoding.UTF8.GetBytes($$"""{"note":"{{new string('x', 180)}}"}""");

    private static long _events;

    /// <summary>Calls in one turn.</summary>
    private sealed record Turns(double PerSecond, LatencyHistogram Latencies);

    public static async Task<int> RunAsync()
    {
        await using var host = await BenchmarkHost.StartAsync();
        var durable = host.Redis is not null && await SyncAlwaysAsync(host);
        var (grains, store) = (
            host.Services.GetRequiredService<IGrainFactory>(), host.Services.GetRequiredService<IAuditStore>());
        var chain = grains.AuditChain("bench");
        using var scripts = new ScriptPerEvent(store, await store.OpenAsync(ByScript));
        var (grouped, single) = (new List<Turns>(), new List<Turns>());
        await RunAsync(Callers, () => chain.AppendAsync([NewEvent()]));
        for (var round = 0; round < Rounds; round++)
        {
            grouped.Add(await RunAsync(Callers, () => chain.AppendAsync([NewEvent()])));
            single.Add(await RunAsync(Callers, scripts.AppendAsync));
        }

        var lone = await RunAsync(1, () => grains.AuditChain("lone").AppendAsync([NewEvent()]));
        Console.WriteLine($"\n{Rounds} rounds, {Callers} callers, store: {host.Store}, " +
            $"{(durable ? "appendfsync always" : "as it comes")}, entries of {EntryLength()} bytes\n");
        Print("append, group commit", grouped);
        Print("one script per event", single);
        Print("append, one caller", [lone]);
        Console.WriteLine($"\n{"ratio",-34}{"min",8}{"median",8}{"max",8}{"budget",10}");
        var holds = Report.IsAtLeast("append / one script per event",
            [.. grouped.Zip(single, (mine, theirs) => mine.PerSecond / theirs.PerSecond).Order()], 2.5);
        holds &= Say("append, events/s >= 10,000", Report.Median(grouped.Select(turn => turn.PerSecond)), rate => rate >= 10_000);
        holds &= Say("append, p99 < 25 ms", P(grouped, 0.99), ms => ms < 25);
        holds &= Say("one caller, p50 < 3 ms", P([lone], 0.5), ms => ms < 3);
        return await ManyAsync(grains) & holds ? 0 : 1;
    }

    /// <summary>One event in each of many chains: how quick that is, and what a chain costs afterwards.</summary>
    private static async Task<bool> ManyAsync(IGrainFactory grains)
    {
        var before = Resident();
        var start = TimeProvider.System.GetTimestamp();
        foreach (var tenants in Enumerable.Range(0, Chains).Chunk(Callers))
        {
            await Task.WhenAll(tenants.Select(i => grains.AuditChain($"t{i}").AppendAsync([NewEvent()])));
        }

        var took = TimeProvider.System.GetElapsedTime(start);
        var each = (Resident() - before) / (double)Chains;
        Console.WriteLine($"\n{Chains:N0} chains, one event each: {Chains / took.TotalSeconds:N0} chains/s, " +
            $"{each:N0} bytes of resident memory each");
        return Say("bytes of a chain in memory <= 32,768", each, bytes => bytes <= 32_768);
    }

    private static async Task<bool> SyncAlwaysAsync(BenchmarkHost host)
    {
        var server = await ConnectionMultiplexer.ConnectAsync($"{host.Redis!.ConnectionString},allowAdmin=true");
        await using (server)
        {
            await server.GetDatabase().ExecuteAsync("CONFIG", "SET", "appendfsync", "always");
            await server.GetDatabase().ExecuteAsync("CONFIG", "SET", "appendonly", "yes");
        }

        return true;
    }

    private static async Task<Turns> RunAsync(int callers, Func<Task> call)
    {
        var start = TimeProvider.System.GetTimestamp();
        var all = await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            var latencies = new LatencyHistogram();
            var calls = 0;
            while (TimeProvider.System.GetElapsedTime(start) < Turn)
            {
                var began = TimeProvider.System.GetTimestamp();
                await call();
                latencies.Add(TimeProvider.System.GetElapsedTime(began));
                calls++;
            }

            return (Calls: calls, Latencies: latencies);
        })));
        var (elapsed, sum) = (TimeProvider.System.GetElapsedTime(start), new LatencyHistogram());
        foreach (var (_, latencies) in all)
        {
            sum.Add(latencies);
        }

        return new Turns(all.Sum(caller => caller.Calls) / elapsed.TotalSeconds, sum);
    }

    private static void Print(string name, IReadOnlyList<Turns> turns) => Console.WriteLine(
        $"{name,-24}{Report.Median(turns.Select(turn => turn.PerSecond)),10:N0} events/s" +
        $"{P(turns, 0.5),10:0.00} ms p50{P(turns, 0.99),10:0.00} ms p99");

    private static bool Say(string budget, double measured, Func<double, bool> isIn)
    {
        Console.WriteLine($"{budget,-40}{measured,12:N2}{(isIn(measured) ? "  holds" : "  MISSED")}");
        return isIn(measured);
    }

    private static double P(IReadOnlyList<Turns> turns, double share) =>
        Report.Median(turns.Select(turn => turn.Latencies.Quantile(share).TotalMilliseconds));

    private static long Resident()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return Environment.WorkingSet;
    }

    private static int EntryLength() => AuditEntry.Compose(
        "bench", 10_000, AuditEntry.Genesis, DateTimeOffset.UnixEpoch, NewEvent()).Bytes.Length;

    private static AuditEvent NewEvent() => new()
    {
        Id = Interlocked.Increment(ref _events).ToString("d12", CultureInfo.InvariantCulture),
        Actor = new AuditParty("user", "7"),
        Action = "order.refund",
        Resource = new AuditParty("order", "42"),
        Outcome = AuditOutcome.Success,
        Metadata = Metadata,
    };

    /// <summary>
    /// The same script on the same store, with one event each: what follows an event has to wait until it is there.
    /// </summary>
    private sealed class ScriptPerEvent(IAuditStore store, OpenedChain opened) : IDisposable
    {
        private readonly SemaphoreSlim _turn = new(1);
        private ChainEnd _end = opened.End;

        public async Task AppendAsync()
        {
            await _turn.WaitAsync();
            try
            {
                var (next, entries) = AuditChain.Append(ByScript, _end, [NewEvent()], DateTimeOffset.UnixEpoch);
                var answer = await store.AppendAsync(ByScript, opened.Fence, _end, next, entries);
                _end = answer.Outcome is StoreOutcome.Done
                    ? next
                    : throw new InvalidOperationException($"The store answered {answer.Outcome}.");
            }
            finally
            {
                _turn.Release();
            }
        }

        public void Dispose() => _turn.Dispose();
    }
}
