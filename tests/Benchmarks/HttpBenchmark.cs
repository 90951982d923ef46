namespace Gatehouse.Benchmarks;

/// <summary>
/// A check beside the same host's same pipeline without one, and beside one script per request. All in one run and in
/// turn, so that what the machine does meanwhile hits all of them; ratios are taken round by round.
/// </summary>
internal static class HttpBenchmark
{
    private const int Connections = 32;
    private const int Subjects = 1000;
    private const int Rounds = 6;
    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(1.5);

    public static async Task<int> RunAsync()
    {
        using var decisions = new GrainDecisions();
        await using var host = await BenchmarkHost.StartAsync();
        var client = new LoadClient(host.Url, Connections);
        Contender[] contenders =
        [
            new("empty pipeline", Requests(host, "open", "empty"), 200),
            new("check", Requests(host, "open", "check"), 200),
            new("script per request", Requests(host, "open", "script"), 200),
            new("denied", [LoadClient.Request(BenchmarkHost.Path("shut", "check"), host.Key, """{"subject":"x"}""")], 429),
        ];
        foreach (var contender in contenders)
        {
            await client.RunAsync(contender.Requests, contender.Status, Warmup);
        }

        for (var round = 0; round < Rounds; round++)
        {
            foreach (var contender in contenders)
            {
                var before = decisions.Count;
                contender.Loads.Add(await client.RunAsync(contender.Requests, contender.Status, Turn));
                contender.GrainCalls += decisions.Count - before;
            }
        }

        Console.WriteLine($"\n{Rounds} rounds, {Connections} connections, {Subjects} subjects, store: {host.Store}\n");
        return Report(contenders) ? 0 : 1;
    }

    private static bool Report(Contender[] contenders)
    {
        var (empty, check, script, denied) = (contenders[0], contenders[1], contenders[2], contenders[3]);
        Console.WriteLine($"{"",-22}{"requests/s",14}{"CPU us/request",16}{"bytes/request",16}{"grain calls/request",22}");
        foreach (var contender in contenders)
        {
            Console.WriteLine($"{contender.Name,-22}{Median(contender.Loads.Select(l => l.PerSecond)),14:N0}" +
                $"{Median(contender.Loads.Select(l => l.ProcessorMicroseconds)),16:0.0}" +
                $"{Median(contender.Loads.Select(l => l.BytesPerRequest)),16:N0}" +
                $"{contender.GrainCalls / contender.Loads.Sum(l => l.Count),22:0.000000}");
        }

        Console.WriteLine($"\n{"ratio",-34}{"min",8}{"median",8}{"max",8}{"budget",8}");
        var holds = Compare("check / empty pipeline", check, empty, 0.75);
        holds &= Compare("check / script per request", check, script, 1.4);
        holds &= Compare("denied / empty pipeline", denied, empty, 0.9);
        holds &= HasGrainCalls(denied, 0);
        // Else the calls were not counted, and their absence would prove nothing.
        return holds & HasGrainCalls(check, (long)check.Loads.Sum(l => l.Count));
    }

    private static bool HasGrainCalls(Contender contender, long expected)
    {
        var holds = contender.GrainCalls == expected;
        Console.WriteLine($"{contender.Name}: {contender.GrainCalls} grain calls, must be {expected}" +
            (holds ? "  holds" : "  MISSED"));
        return holds;
    }

    private static byte[][] Requests(BenchmarkHost host, string policy, string action) => Enumerable.Range(0, Subjects)
        .Select(i => LoadClient.Request(
            BenchmarkHost.Path(policy, action), host.Key, $$"""{"ip":"10.{{i / 250}}.{{i % 250}}.7","cost":1}"""))
        .ToArray();

    private static bool Compare(string name, Contender a, Contender b, double budget)
    {
        var ratios = a.Loads.Zip(b.Loads, (x, y) => x.PerSecond / y.PerSecond).Order().ToList();
        var median = Median(ratios);
        var holds = median >= budget;
        var required = $"{budget,8:0.00}{(holds ? "  holds" : "  MISSED")}";
        Console.WriteLine($"{name,-34}{ratios[0],8:0.00}{median,8:0.00}{ratios[^1],8:0.00}{required}");
        return holds;
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }

    private sealed record Contender(string Name, byte[][] Requests, int Status)
    {
        public List<Load> Loads { get; } = [];

        public long GrainCalls { get; set; }
    }
}
