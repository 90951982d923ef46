using Gatehouse.Benchmarks.Tables;

namespace Gatehouse.Benchmarks;

/// <summary>
/// Checks of subjects that are in memory, while Redis runs and while it is stopped (SIGSTOP: it holds its connections
/// and answers nothing). No check may wait for it, so the slowest hundredth must be about as fast.
/// </summary>
internal static class StoppedStoreBenchmark
{
    // Few, so that a call waits for the decision and not for the processors.
    private const int Connections = 4;
    private const int Rounds = 6;
    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(3);

    public static async Task<IReadOnlyList<Row>> RunAsync()
    {
        await using var host = await BenchmarkHost.StartAsync();
        var redis = host.Redis ?? throw new InvalidOperationException("redis-server is not installed.");
        var client = new LoadClient(host.Url, Connections);
        var running = new Contender("store running", client, host.Requests("check"), 200);
        var stopped = new Contender("store stopped", client, host.Requests("check"), 200);
        await running.WarmUpAsync(Warmup);
        for (var round = 0; round < Rounds; round++)
        {
            await running.TakeTurnAsync(Turn);
            redis.Stop();
            await stopped.TakeTurnAsync(Turn);
            redis.Continue();
            await running.WarmUpAsync(Recovery);
        }

        Console.WriteLine($"\n{Connections} connections, {BenchmarkHost.Subjects} active subjects");
        Report.Print([running, stopped]);
        var ratios = stopped.Loads.Zip(
            running.Loads, static (without, with) => without.Milliseconds(0.99) / with.Milliseconds(0.99));
        return [Row.AtMost("p99 of active subjects, Redis stopped / running", ratios, 2)];
    }
}
