using Gatehouse.Benchmarks.Tables;

namespace Gatehouse.Benchmarks;

/// <summary>How long the API host takes from the start of its process until it serves, each time with a new folder.</summary>
internal static class StartBenchmark
{
    private const int Rounds = 5;

    public static async Task<IReadOnlyList<Row>> RunAsync()
    {
        var seconds = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            var folder = Directory.CreateTempSubdirectory("gatehouse-bench-");
            var start = TimeProvider.System.GetTimestamp();
            await using (var host = await GatehouseProcesses.StartEmbeddedAsync(folder.FullName))
            {
                // What it says is one thing; that it answers is another.
                using var client = new HttpClient { BaseAddress = new Uri(host.ReadyLine.Split(' ')[^1]) };
                (await client.GetAsync(new Uri("/health/ready", UriKind.Relative))).EnsureSuccessStatusCode();
                seconds.Add(TimeProvider.System.GetElapsedTime(start).TotalSeconds);
            }

            folder.Delete(recursive: true);
        }

        return [Row.AtMost("ready after start, Embedded", seconds, 5, "s")];
    }
}
