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

    public static async Task<int> RunAsync()
    {
        await using var host = await BenchmarkHost.StartAsync();
        if (host.Redis is not { } redis)
        {
            Console.Error.WriteLine("redis-server is not installed; there is nothing to stop.");
            return 1;
        }

        var client = new LoadClient(host.Url, Connections);
        var running = new Contender("store running", host.Requests("check"), 200);
        var stopped = new Contender("store stopped", host.Requests("check"), 200);
        await client.RunAsync(running.Requests, running.Status, Warmup);
        for (var round = 0; round < Rounds; round++)
        {
            running.Loads.Add(await client.RunAsync(running.Requests, running.Status, Turn));
            redis.Stop();
            stopped.Loads.Add(await client.RunAsync(stopped.Requests, stopped.Status, Turn));
            redis.Continue();
            await client.RunAsync(running.Requests, running.Status, Recovery);
        }

        Console.WriteLine($"\n{Rounds} rounds, {Connections} connections, {BenchmarkHost.Subjects} active subjects\n");
        Report.Print([running, stopped]);
        var ratios = stopped.Loads.Zip(running.Loads, static (without, with) =>
            without.Latencies.Quantile(0.99) / with.Latencies.Quantile(0.99)).ToList();
        return Report.IsAtMost("p99 stopped / p99 running", ratios, 2) ? 0 : 1;
    }
}
