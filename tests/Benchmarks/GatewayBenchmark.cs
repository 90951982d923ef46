using Gatehouse.Benchmarks.Tables;

namespace Gatehouse.Benchmarks;

/// <summary>
/// A check over a gateway, an API host that is a client of a silo in a process of its own, beside the same API host's
/// same pipeline without one.
/// </summary>
internal static class GatewayBenchmark
{
    private const int Connections = 32;
    private static readonly Alternation Alternation = new(16, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(0.6));

    public static async Task<IReadOnlyList<Row>> RunAsync()
    {
        await using var host = await BenchmarkHost.StartClientAsync();
        var client = new LoadClient(host.Url, Connections);
        var empty = new Contender("empty pipeline", client, host.Requests("empty"), 200) { Servers = host.Others };
        var check = new Contender("check over a gateway", client, host.Requests("check"), 200) { Servers = host.Others };
        await Alternation.RunAsync([empty, check]);
        Console.WriteLine($"\n{Connections} connections, {BenchmarkHost.Subjects} subjects, one silo");
        Report.Print([empty, check]);
        return
        [
            Row.AtLeast("check over a gateway / empty pipeline", check.RatiosTo(empty), 0.5),
            Row.Of("check over a gateway / empty pipeline, by processor time", check.ProcessorRatiosTo(empty)),
        ];
    }
}
