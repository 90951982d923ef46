namespace Gatehouse.Benchmarks;

/// <summary>
/// A check beside the same host's same pipeline without one, and beside one script per request. All in one run and in
/// turn, so that what the machine does meanwhile hits all of them; ratios are taken round by round.
/// </summary>
internal static class HttpBenchmark
{
    private const int Connections = 32;
    private const int Rounds = 9;
    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(1);

    public static async Task<int> RunAsync()
    {
        using var decisions = new GrainDecisions();
        await using var host = await BenchmarkHost.StartAsync();
        var client = new LoadClient(host.Url, Connections);
        Contender[] contenders =
        [
            new("empty pipeline", host.Requests("empty"), 200),
            new("check", host.Requests("check"), 200),
            new("script per request", host.Requests("script"), 200),
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

        Console.WriteLine($"\n{Rounds} rounds, {Connections} connections, {BenchmarkHost.Subjects} subjects, " +
            $"store: {host.Store}\n");
        return IsWithinBudgets(contenders) ? 0 : 1;
    }

    private static bool IsWithinBudgets(Contender[] contenders)
    {
        var (empty, check, script, denied) = (contenders[0], contenders[1], contenders[2], contenders[3]);
        Report.Print(contenders);
        var holds = Report.IsAtLeast("check / empty pipeline", check.RatiosTo(empty), 0.75);
        holds &= Report.IsAtLeast("check / script per request", check.RatiosTo(script), 1.4);
        holds &= Report.IsAtLeast("denied / empty pipeline", denied.RatiosTo(empty), 0.9);
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
}
