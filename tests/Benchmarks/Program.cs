using Gatehouse.Benchmarks;
using Gatehouse.Benchmarks.Growth;
using Gatehouse.Benchmarks.Peers;
using Gatehouse.Benchmarks.Scale;
using Gatehouse.Benchmarks.Tables;

return args switch
{
    ["table", .. var some] => await BudgetTable.RunAsync(some),
    ["compare"] => await CompareBenchmark.RunAsync(),
    ["growth"] => await GrowthBenchmark.RunAsync(1_000_000),
    ["growth", var count] when int.TryParse(count, out var entries) && entries is >= 100_000 and <= 10_000_000 =>
        await GrowthBenchmark.RunAsync(entries),
    ["allocation"] => await AllocationBenchmark.RunAsync(),
    ["core"] => CoreBenchmark.Run(),
    ["grain"] => await GrainBenchmark.RunAsync(),
    ["memory", var count] when int.TryParse(count, out var subjects) && subjects is > 0 and <= 1_000_000 =>
        Report.Conclude(await MemoryBenchmark.RunAsync(subjects)),
    ["store"] => await StoreBenchmark.RunAsync(),
    ["scale"] => ScaleBenchmark.Run(ScaleBenchmark.DefaultSeed, Console.Out),
    ["scale", var number] when int.TryParse(number, out var seed) => ScaleBenchmark.Run(seed, Console.Out),
    ["serve", var what, .. var rest] => await Serve.RunAsync(what, rest),
    ["rows", var name, var file] when Budget(name) is { } budget => Save(await budget, file),
    [var name] when Budget(name) is { } budget => Report.Conclude(await budget),
    _ => Usage(),
};

static Task<IReadOnlyList<Row>>? Budget(string name) => name switch
{
    "http" => HttpBenchmark.RunAsync(),
    "gateway" => GatewayBenchmark.RunAsync(),
    "audit" => AuditBenchmark.RunAsync(),
    "verifier" => VerifierBenchmark.RunAsync(1_000_000),
    "memory" => MemoryBenchmark.RunAsync(300_000),
    "start" => StartBenchmark.RunAsync(),
    "keys" => KeysBenchmark.RunAsync(),
    "idempotency" => IdempotencyBenchmark.RunAsync(),
    "stopped" => StoppedStoreBenchmark.RunAsync(),
    "overload" => OverloadBenchmark.RunAsync(),
    _ => null,
};

static int Save(IReadOnlyList<Row> rows, string file)
{
    BudgetTable.Save(rows, file);
    return Report.Conclude(rows);
}

static int Usage()
{
    Console.Error.WriteLine("""
        usage: dotnet run -c Release --project tests/Benchmarks -- <what>
        Into docs/benchmarks.md:
          table [names]    every budget, or those of some benchmarks below (about 10 min)
          compare          beside nginx, Node, ASP.NET's limiter and PostgreSQL on the same work (about 4 min)
          growth [entries] 1, 2, 4 silos; up to 100,000 subjects; chains of up to 1,000,000 entries (about 6 min)
          allocation       bytes that a request of each kind allocates (about 1 min)
        Budgets one by one; end with 0 when each of theirs holds, with 1 when one is missed:
          http             a check, beside the same pipeline without it and beside one script per request
          gateway          the same over a gateway: an API host that is a client of a silo in another process
          audit            appends to one chain, beside one script per event; and 10,000 chains
          verifier         the offline verifier over an export of 1,000,000 entries
          memory [count]   resident memory per tracked subject (default 300000), when they leave, and a flood of them
          start            from the start of the process until it serves
          keys             signing and verifying over HTTP and in the process
          idempotency      beginning a request over HTTP, beside the same pipeline without it
          stopped          p99 of active subjects while Redis runs and while it is stopped
          overload         what is served with far too many callers, and what that costs in memory
        Others:
          core             time and allocations of one decision, per algorithm, without any host
          grain            time and allocations of the grain call alone
          store            what one operation costs redis-server, by its own account
          scale [seed]     simulates 50 regions in virtual time: store operations, admissions and bounds
        Ends with 2 for other arguments.
        """);
    return 2;
}
