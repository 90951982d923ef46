using Gatehouse.ApiHost.Overload;
using Gatehouse.Benchmarks.Tables;

namespace Gatehouse.Benchmarks;

/// <summary>
/// Far more callers than the host can serve, for half a minute, each sending again as soon as it is answered: what is
/// still served, beside what is served without them, and what it costs in memory.
/// </summary>
internal static class OverloadBenchmark
{
    private const int Connections = 32;
    private const int TooMany = 2048;
    private const int Parts = 6;
    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Flood = TimeSpan.FromSeconds(5);

    public static async Task<IReadOnlyList<Row>> RunAsync()
    {
        await using var host = await BenchmarkHost.StartAsync(("Gatehouse:Overload:RequestQueueMax", "0"));
        var (few, many) = (new LoadClient(host.Url, Connections), new LoadClient(host.Url, TooMany));
        var alone = new Contender($"{Connections} callers", few, host.Requests("check"), 200);
        var flooded = new Contender($"{TooMany:N0} callers", many, host.Requests("check"), 200);
        await alone.WarmUpAsync(Warmup);
        await alone.TakeTurnAsync(Turn);
        var resident = new List<long>();
        for (var part = 0; part < Parts; part++)
        {
            flooded.Loads.Add(await many.RunAsync(flooded.Requests, flooded.Status, Flood, other: 429));
            resident.Add(Environment.WorkingSet);
        }

        await alone.TakeTurnAsync(Turn);
        var refused = new Contender("refused", few, host.Requests("check"), 429);
        await FillAsync(host.Services.GetRequiredService<Admission>());
        for (var part = 0; part < Parts; part++)
        {
            await refused.TakeTurnAsync(Turn / 4);
        }

        Console.WriteLine($"\n{Flood * Parts:mm\\:ss} of {TooMany:N0} callers, {BenchmarkHost.Subjects} subjects");
        Report.Print([alone, flooded, refused]);
        Console.WriteLine($"MiB after each {Flood:ss} s: {string.Join(", ", resident.Select(bytes => bytes >> 20))}");
        var usual = alone.Median(load => load.PerSecond);
        return
        [
            Row.AtLeast($"served with {TooMany:N0} callers / with {Connections}",
                flooded.All(load => load.PerSecond / usual), 0.7),
            Row.AtLeast("refused / served", refused.All(load => load.PerSecond / usual), 1),
            // Ten seconds fill buffers and pools; what grows after that would grow for ever.
            Row.AtMost("memory of the flood, each later part / after 10 s",
                resident.Skip(2).Select(bytes => bytes / (double)resident[1]), 1.1),
        ];
    }

    /// <summary>As if as many checks were worked on as may be: each is refused before anything is done for it.</summary>
    private static async Task FillAsync(Admission admission)
    {
        while (admission.RefusalOf(RouteClass.Check) is null)
        {
            await admission.EnterAsync(RouteClass.Check);
        }
    }
}
