using Gatehouse.Benchmarks;
using Gatehouse.Benchmarks.Scale;

return args switch
{
    ["http"] => await HttpBenchmark.RunAsync(),
    ["gateway"] => await GatewayBenchmark.RunAsync(),
    ["stopped"] => await StoppedStoreBenchmark.RunAsync(),
    ["overload"] => await OverloadBenchmark.RunAsync(),
    ["core"] => CoreBenchmark.Run(),
    ["grain"] => await GrainBenchmark.RunAsync(),
    ["memory"] => await MemoryBenchmark.RunAsync(300_000),
    ["memory", var count] when int.TryParse(count, out var subjects) && subjects is > 0 and <= 1_000_000 =>
        await MemoryBenchmark.RunAsync(subjects),
    ["keys"] => await KeysBenchmark.RunAsync(),
    ["idempotency"] => await IdempotencyBenchmark.RunAsync(),
    ["audit"] => await AuditBenchmark.RunAsync(),
    ["verifier"] => VerifierBenchmark.Run(1_000_000),
    ["store"] => await StoreBenchmark.RunAsync(),
    ["scale"] => ScaleBenchmark.Run(ScaleBenchmark.DefaultSeed, Console.Out),
    ["scale", var number] when int.TryParse(number, out var seed) => ScaleBenchmark.Run(seed, Console.Out),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        usage: dotnet run -c Release --project tests/Benchmarks -- <what>
          http             requests/s and allocations of a check, beside the same pipeline without it, in one run (about 45 s)
          gateway          the same over a gateway: an API host that is a client of a silo in another process (about 35 s)
          stopped          p99 of active subjects while Redis runs and while it is stopped (about 70 s)
          overload         what is served with far too many callers, and what that costs in memory (about 50 s)
          core             time and allocations of one decision, per algorithm, without any host
          grain            time and allocations of the grain call alone
          memory [count]   resident memory per tracked subject (default 300000 subjects)
          keys             signing and verifying over HTTP and in the process (about 40 s)
          idempotency      beginning a request over HTTP, beside the same pipeline without it (about 40 s)
          audit            appends to one chain, beside one script per event; and 10,000 chains (about 60 s)
          verifier         the offline verifier over an export of 1,000,000 entries (about 20 s)
          store            what one operation costs redis-server, by its own account
          scale [seed]     simulates 50 regions in virtual time: store operations, admissions and bounds (about 20 s)
        Ends with 0 when every budget holds, 1 when one is missed, 2 for other arguments.
        """);
    return 2;
}
