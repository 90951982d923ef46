using Gatehouse.Benchmarks;

return args switch
{
    ["http"] => await HttpBenchmark.RunAsync(),
    ["core"] => CoreBenchmark.Run(),
    ["grain"] => await GrainBenchmark.RunAsync(),
    ["memory"] => await MemoryBenchmark.RunAsync(100_000),
    ["memory", var count] when int.TryParse(count, out var subjects) && subjects is > 0 and <= 1_000_000 =>
        await MemoryBenchmark.RunAsync(subjects),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        usage: dotnet run -c Release --project tests/Benchmarks -- <what>
          http             requests/s and allocations of a check, beside the same pipeline without it, in one run (about 45 s)
          core             time and allocations of one decision, per algorithm, without any host
          grain            time and allocations of the grain call alone
          memory [count]   resident memory per tracked subject (default 100000 subjects)
        Ends with 0 when every budget holds, 1 when one is missed, 2 for other arguments.
        """);
    return 2;
}
