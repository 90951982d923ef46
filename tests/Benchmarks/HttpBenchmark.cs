using Gatehouse.Benchmarks.Tables;

namespace Gatehouse.Benchmarks;

/// <summary>
/// A check beside the same host's same pipeline without one, and beside one script per request. All in one run and in
/// turn, so that what the machine does meanwhile hits all of them; ratios are taken round by round.
/// </summary>
internal static class HttpBenchmark
{
    private const int Connections = 32;
    private static readonly Alternation Alternation = new(25, TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(0.4));

    public static async Task<IReadOnlyList<Row>> RunAsync()
    {
        using var decisions = new GrainDecisions();
        await using var host = await BenchmarkHost.StartAsync();
        var client = new LoadClient(host.Url, Connections);
        var empty = Of("empty pipeline", host.Requests("empty"));
        var check = Of("check", host.Requests("check"));
        var script = Of("script per request", host.Requests("script"));
        var denied = Of("denied", [host.Denied], 429);
        Contender[] contenders = [empty, check, script, denied];
        await Alternation.RunAsync(contenders);
        Console.WriteLine($"\n{Connections} connections, {BenchmarkHost.Subjects} subjects, store: {host.Store}");
        Report.Print(contenders);
        return
        [
            Row.AtLeast("check / empty pipeline", check.RatiosTo(empty), 0.75),
            Row.Of("check / empty pipeline, by processor time", check.ProcessorRatiosTo(empty)),
            Row.AtLeast("check / script per request", check.RatiosTo(script), 1.4),
            Row.Of("check / script per request, by processor time", check.ProcessorRatiosTo(script)),
            Row.AtLeast("denied / empty pipeline", denied.RatiosTo(empty), 0.9),
            Row.AtMost("grain calls of a denied caller", denied.Counted, 0),
            // Else the calls were not counted, and their absence would prove nothing.
            Row.AtLeast("grain calls of an admitted caller, each check",
                check.Counted.Zip(check.Loads, static (calls, load) => calls / load.Count), 1),
        ];

        Contender Of(string name, byte[][] requests, int status = 200) => new(name, client, requests, status)
        {
            Counter = () => decisions.Count,
            Servers = host.Others,
        };
    }
}
