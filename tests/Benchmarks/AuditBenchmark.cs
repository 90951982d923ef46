using Gatehouse.Benchmarks.Tables;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Auditing;

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
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(2);

    public static async Task<IReadOnlyList<Row>> RunAsync()
    {
        await using var host = await BenchmarkHost.StartAsync();
        var redis = host.Redis ?? throw new InvalidOperationException("redis-server is not installed.");
        await redis.SyncAlwaysAsync();
        var grains = host.Services.GetRequiredService<IGrainFactory>();
        using var scripts = await ScriptPerEvent.OpenAsync(host.Services.GetRequiredService<IAuditStore>());
        var chain = grains.AuditChain("bench");
        var grouped = new CallTurns("append, group commit", Callers, () => chain.AppendAsync([AuditEvents.Next()]))
        {
            Settle = () => ChainArchive.CatchUpAsync(chain),
        };
        var single = new CallTurns("one script per event", Callers, scripts.AppendAsync);
        var lone = new CallTurns(
            "append, one caller", 1, () => grains.AuditChain("lone").AppendAsync([AuditEvents.Next()]));
        await grouped.WarmUpAsync(Turn);
        for (var round = 0; round < Rounds; round++)
        {
            await grouped.TakeTurnAsync(Turn);
            await single.TakeTurnAsync(Turn);
            await lone.TakeTurnAsync(Turn / 2);
        }

        Console.WriteLine($"\n{Callers} callers, appendfsync always, entries of {AuditEvents.Entry.Length} bytes\n");
        new List<CallTurns> { grouped, single, lone }.ForEach(turns => turns.Print());
        return
        [
            Row.AtLeast("audit append, 64 callers / one script per event", grouped.RatiosTo(single), 2.5),
            Row.AtLeast("audit append, one tenant, 64 callers", grouped.All(turn => turn.PerSecond), 10_000, "events/s"),
            Row.AtMost("audit append, 64 callers, p99", grouped.All(turn => turn.Milliseconds(0.99)), 25, "ms"),
            Row.AtMost("audit append, one caller, p50", lone.All(turn => turn.Milliseconds(0.5)), 3, "ms"),
            .. await ManyAsync(grains),
        ];
    }

    /// <summary>One event in each of many chains: how quick that is, and what a chain costs afterwards.</summary>
    private static async Task<IReadOnlyList<Row>> ManyAsync(IGrainFactory grains)
    {
        var (rates, bytes) = (new List<double>(), new List<double>());
        foreach (var chains in Enumerable.Range(0, Chains).Chunk(Chains / Rounds))
        {
            var (before, start) = (MemoryBenchmark.Resident(), TimeProvider.System.GetTimestamp());
            foreach (var tenants in chains.Chunk(Callers))
            {
                await Task.WhenAll(tenants.Select(i => grains.AuditChain($"t{i}").AppendAsync([AuditEvents.Next()])));
            }

            rates.Add(chains.Length / TimeProvider.System.GetElapsedTime(start).TotalSeconds);
            bytes.Add((MemoryBenchmark.Resident() - before) / (double)chains.Length);
        }

        return
        [
            Row.AtMost($"resident memory per chain, {Chains:N0} chains", bytes, 32_768, "bytes"),
            Row.Of("new chains, one event each", rates, "/s"),
        ];
    }
}
