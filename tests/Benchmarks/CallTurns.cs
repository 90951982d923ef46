using Gatehouse.Benchmarks.Tables;

namespace Gatehouse.Benchmarks;

/// <summary>Calls in one turn.</summary>
internal sealed record CallTurn(double PerSecond, LatencyHistogram Latencies, double ProcessorMicroseconds)
{
    public double Milliseconds(double share) => Latencies.Quantile(share).TotalMilliseconds;
}

/// <summary>Callers in this process that each call again as soon as they are answered, in turn with others.</summary>
/// <param name="Name">For the report.</param>
/// <param name="Callers">How many at once.</param>
/// <param name="Call">What they call.</param>
/// <param name="Servers">Processes beside this one that work for them.</param>
internal sealed record CallTurns(string Name, int Callers, Func<Task> Call, params IReadOnlyList<ProcessTree> Servers)
{
    private readonly List<CallTurn> _turns = [];

    /// <summary>
    /// Waits for what the calls left to be done. Its processor time is theirs; its time is not, and is not left to who
    /// comes next.
    /// </summary>
    public Func<Task>? Settle { get; init; }

    public IReadOnlyList<double> All(Func<CallTurn, double> figure) => [.. _turns.Select(figure)];

    public IReadOnlyList<double> RatiosTo(CallTurns other) =>
        [.. _turns.Zip(other._turns, static (mine, theirs) => mine.PerSecond / theirs.PerSecond)];

    public async Task TakeTurnAsync(TimeSpan time) => _turns.Add(await RunAsync(time));

    /// <summary>One turn that counts for nothing.</summary>
    public Task WarmUpAsync(TimeSpan time) => RunAsync(time);

    public void Print() => Console.WriteLine(
        $"{Name,-34}{Row.MedianOf(All(turn => turn.PerSecond)),10:N0}/s" +
        $"{Row.MedianOf(All(turn => turn.Milliseconds(0.5))),10:0.00} ms p50" +
        $"{Row.MedianOf(All(turn => turn.Milliseconds(0.99))),10:0.00} ms p99");

    private async Task<CallTurn> RunAsync(TimeSpan time)
    {
        var (start, processor) = (TimeProvider.System.GetTimestamp(), Processor());
        var all = await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(async () =>
        {
            var (latencies, calls) = (new LatencyHistogram(), 0);
            while (TimeProvider.System.GetElapsedTime(start) < time)
            {
                var began = TimeProvider.System.GetTimestamp();
                await Call();
                latencies.Add(TimeProvider.System.GetElapsedTime(began));
                calls++;
            }

            return (Calls: calls, Latencies: latencies);
        })));
        var elapsed = TimeProvider.System.GetElapsedTime(start);
        await (Settle?.Invoke() ?? Task.CompletedTask);
        var spent = Processor() - processor;
        var (sum, count) = (new LatencyHistogram(), Math.Max(1, all.Sum(caller => caller.Calls)));
        foreach (var (_, latencies) in all)
        {
            sum.Add(latencies);
        }

        return new CallTurn(count / elapsed.TotalSeconds, sum, spent.TotalMicroseconds / count);
    }

    /// <summary>Of this process, the callers in it, and of the others.</summary>
    private TimeSpan Processor() => Servers.Aggregate(
        Environment.CpuUsage.TotalTime, static (sum, server) => sum + server.ProcessorTime);
}
