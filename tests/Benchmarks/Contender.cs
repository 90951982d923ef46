using Gatehouse.Benchmarks.Tables;

namespace Gatehouse.Benchmarks;

/// <summary>Something that takes turns with others in one run.</summary>
/// <param name="Name">For the report.</param>
/// <param name="Client">Who sends.</param>
/// <param name="Requests">What is sent, in this order and over again.</param>
/// <param name="Status">What every answer must be.</param>
internal sealed record Contender(string Name, LoadClient Client, byte[][] Requests, int Status)
{
    /// <summary>Where each request can be sent only once: makes those of a turn.</summary>
    public Func<TimeSpan, byte[][]>? Fresh { get; init; }

    /// <summary>What answers may be instead now and then.</summary>
    public int? Other { get; init; }

    /// <summary>Something that is counted; what a turn adds is in <see cref="Counted"/>.</summary>
    public Func<long>? Counter { get; init; }

    /// <summary>The processes that answer, where that is not this one.</summary>
    public IReadOnlyList<ProcessTree> Servers { get; init; } = [];

    public List<Load> Loads { get; } = [];

    public List<double> Counted { get; } = [];

    /// <summary>Round by round: what the machine does meanwhile hits both sides of a ratio.</summary>
    public IReadOnlyList<double> RatiosTo(Contender other) =>
        [.. Loads.Zip(other.Loads, (mine, theirs) => mine.PerSecond / theirs.PerSecond)];

    /// <summary>
    /// How many requests a second of processor time answers, of this process, the client in it, and of the servers:
    /// what other work takes of the machine is not in it.
    /// </summary>
    public IReadOnlyList<double> ProcessorRatiosTo(Contender other) =>
        [.. Loads.Zip(other.Loads, static (mine, theirs) => theirs.AllMicroseconds / mine.AllMicroseconds)];

    public IReadOnlyList<double> All(Func<Load, double> figure) => [.. Loads.Select(figure)];

    public double Median(Func<Load, double> figure) => Row.MedianOf(Loads.Select(figure));

    public Task WarmUpAsync(TimeSpan time) => SendAsync(time);

    public async Task TakeTurnAsync(TimeSpan time)
    {
        var (count, processor) = (Counter?.Invoke() ?? 0, ServersProcessor());
        var load = await SendAsync(time);
        var spent = (ServersProcessor() - processor).TotalMicroseconds / load.Count;
        Loads.Add(load with { ServerMicroseconds = spent });
        Counted.Add((Counter?.Invoke() ?? 0) - count);
    }

    private Task<Load> SendAsync(TimeSpan time) => Client.RunAsync(Fresh?.Invoke(time) ?? Requests, Status, time, Other);

    private TimeSpan ServersProcessor() =>
        Servers.Aggregate(TimeSpan.Zero, static (sum, server) => sum + server.ProcessorTime);
}

/// <summary>Contenders in turn, round by round, in one run.</summary>
internal sealed record Alternation(int Rounds, TimeSpan Warmup, TimeSpan Turn)
{
    public async Task RunAsync(IReadOnlyList<Contender> contenders)
    {
        foreach (var contender in contenders)
        {
            await contender.WarmUpAsync(Warmup);
        }

        for (var round = 0; round < Rounds; round++)
        {
            foreach (var contender in contenders)
            {
                await contender.TakeTurnAsync(Turn);
            }
        }
    }
}
