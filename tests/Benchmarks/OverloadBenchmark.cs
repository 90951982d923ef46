using Gatehouse.ApiHost.Overload;

namespace Gatehouse.Benchmarks;

/// <summary>
/// Far more callers than the host can serve, for half a minute, each sending again as soon as it is answered: what is
/// still served, beside what is served without them, and what it costs in memory.
/// </summary>
internal static class OverloadBenchmark
{
    private const int Connections = 32;
    private const int TooMany = 2048;
    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Flood = TimeSpan.FromSeconds(10);

    public static async Task<int> RunAsync()
    {
        await using var host = await BenchmarkHost.StartAsync(("Gatehouse:Overload:RequestQueueMax", "0"));
        var (few, many) = (new LoadClient(host.Url, Connections), new LoadClient(host.Url, TooMany));
        var alone = new Contender($"{Connections} callers", host.Requests("check"), 200);
        var flooded = new Contender($"{TooMany:N0} callers", host.Requests("check"), 200);
        await few.RunAsync(alone.Requests, alone.Status, Warmup);
        alone.Loads.Add(await few.RunAsync(alone.Requests, alone.Status, Turn));
        var resident = new List<long>();
        for (var part = 0; part < 3; part++)
        {
            flooded.Loads.Add(await many.RunAsync(flooded.Requests, flooded.Status, Flood, mayRefuse: true));
            resident.Add(Environment.WorkingSet);
        }

        alone.Loads.Add(await few.RunAsync(alone.Requests, alone.Status, Turn));
        var refused = new Contender("refused", host.Requests("check"), 429);
        await FillAsync(host.Services.GetRequiredService<Admission>());
        for (var part = 0; part < 3; part++)
        {
            refused.Loads.Add(await few.RunAsync(refused.Requests, refused.Status, Turn / 2));
        }

        Console.WriteLine($"\n{Flood.TotalSeconds * 3:0} s of {TooMany:N0} callers, {BenchmarkHost.Subjects} subjects\n");
        Report.Print([alone, flooded, refused]);
        var served = flooded.Loads.Sum(load => load.Count);
        Console.WriteLine($"refused: {flooded.Loads.Sum(load => load.Refused) / (served + 1):P1} of what was served");
        var usual = Report.Median(alone.Loads.Select(load => load.PerSecond));
        var holds = Report.IsAtLeast(
            "served / served without them", [.. flooded.Loads.Select(load => load.PerSecond / usual)], 0.7);
        holds &= Report.IsAtLeast("refused / served", [.. refused.Loads.Select(load => load.PerSecond / usual)], 1);
        // The first part fills buffers and pools; what grows after that would grow for ever.
        return holds & Report.IsAtMost("memory after 30 s / after 10 s", [resident[2] / (double)resident[0]], 1.1) ? 0 : 1;
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
