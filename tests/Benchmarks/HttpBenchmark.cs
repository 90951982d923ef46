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
        var empty = new Contender("empty pipeline", client, host.Requests("empty"), 200);
        var check = new Contender("check", client, host.Requests("check"), 200) { Counter = () => decisions.Count };
        var script = new Contender("script per request", client, host.Requests("script"), 200);
        var denied = new Contender("denied", client, [host.Denied], 429) { Counter = () => decisions.Count };
        Contender[] contenders = [empty, check, script, denied];
        await Alternation.RunAsync(contenders);
        Console.WriteLine($"\n{Connections} connections, {BenchmarkHost.Subjects} subjects, store: {host.Store}");
        Report.Print(contenders);
        return
        [
            Row.AtLeast("check / empty pipeline", check.RatiosTo(empty), 0.75),
            Row.Of("the same by processor time", check.ProcessorRatiosTo(empty)),
            Row.AtLeast("check / script per request", check.RatiosTo(script), 1.4),
            Row.AtLeast("denied / empty pipeline", denied.RatiosTo(empty), 0.9),
            Row.AtMost("grain calls of a denied caller", denied.Counted, 0),
            // Else the calls were not counted, and their absence would prove nothing.
            Row.AtLeast("grain calls of an admitted caller, each check",
                check.Counted.Zip(check.Loads, static (calls, load) => calls / load.Count), 1),
        ];
    }
}
