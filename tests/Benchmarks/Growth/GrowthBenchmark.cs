using Gatehouse.Benchmarks.Tables;

namespace Gatehouse.Benchmarks.Growth;

/// <summary>What an operation costs when there is more of everything: silos, subjects, entries.</summary>
internal static class GrowthBenchmark
{
    private const int Connections = 32;
    private static readonly int[] SiloCounts = [1, 2, 4];
    private static readonly int[] SubjectCounts = [1, 1_000, 100_000];
    private static readonly Alternation Alternation = new(5, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1.5));

    /// <param name="entries">Of the longest chain; the others have a tenth and a hundredth of it.</param>
    public static async Task<int> RunAsync(int entries)
    {
        var (silos, subjects) = (await SilosAsync(), await SubjectsAsync());
        var chains = await ChainGrowth.RunAsync(entries);
        await BenchmarkDocument.WriteAsync("growth",
            $"{Machine.Describe()} Medians, and the spread of the rounds.\n\n{silos}\n\n{subjects}\n\n{chains}");
        return 0;
    }

    /// <summary>Clusters of so many silos, side by side, each with an API host that is their client.</summary>
    private static async Task<MarkdownTable> SilosAsync()
    {
        var (hosts, contenders) = (new List<BenchmarkHost>(), new List<Contender>());
        try
        {
            foreach (var silos in SiloCounts)
            {
                var host = await BenchmarkHost.StartClientAsync(silos);
                hosts.Add(host);
                contenders.Add(new Contender(
                    $"{silos} silos", new LoadClient(host.Url, Connections), host.Requests("check"), 200)
                {
                    Servers = host.Others,
                });
            }

            await Alternation.RunAsync(contenders);
            Report.Print(contenders);
            var sizes = SiloCounts.Select(count => $"{count}");
            return GrowthTable.Of("silos, over a gateway", [.. sizes], GrowthTable.Of(contenders));
        }
        finally
        {
            foreach (var host in hosts)
            {
                await host.DisposeAsync();
            }
        }
    }

    private static async Task<MarkdownTable> SubjectsAsync()
    {
        await using var host = await BenchmarkHost.StartAsync();
        var client = new LoadClient(host.Url, Connections);
        var contenders = SubjectCounts.Select(count =>
            new Contender($"{count:N0} subjects", client, host.Requests("check", count), 200)
            {
                Servers = host.Others,
            }).ToList();
        // Each of the largest once: its turns are to find them in memory.
        await client.RunAsync(contenders[^1].Requests, 200, TimeSpan.FromSeconds(10));
        await Alternation.RunAsync(contenders);
        Report.Print(contenders);
        var sizes = SubjectCounts.Select(count => $"{count:N0}");
        return GrowthTable.Of("active subjects", [.. sizes], GrowthTable.Of(contenders));
    }
}
