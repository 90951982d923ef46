namespace Gatehouse.Benchmarks;

/// <summary>
/// A check over a gateway, an API host that is a client of a silo in a process of its own, beside the same API host's
/// same pipeline without one.
/// </summary>
internal static class GatewayBenchmark
{
    private const int Connections = 32;
    private const int Rounds = 6;
    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(1.5);

    public static async Task<int> RunAsync()
    {
        await using var host = await BenchmarkHost.StartClientAsync();
        var client = new LoadClient(host.Url, Connections);
        var empty = new Contender("empty pipeline", host.Requests("empty"), 200);
        var check = new Contender("check over a gateway", host.Requests("check"), 200);
        Contender[] contenders = [empty, check];
        foreach (var contender in contenders)
        {
            await client.RunAsync(contender.Requests, contender.Status, Warmup);
        }

        for (var round = 0; round < Rounds; round++)
        {
            foreach (var contender in contenders)
            {
                contender.Loads.Add(await client.RunAsync(contender.Requests, contender.Status, Turn));
            }
        }

        Console.WriteLine($"\n{Rounds} rounds, {Connections} connections, {BenchmarkHost.Subjects} subjects, one silo\n");
        Report.Print(contenders);
        return Report.IsAtLeast("check / empty pipeline", check.RatiosTo(empty), 0.5) ? 0 : 1;
    }
}
