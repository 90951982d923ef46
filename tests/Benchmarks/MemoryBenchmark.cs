using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.Benchmarks;

/// <summary>What one tracked subject costs of the process's resident memory.</summary>
internal static class MemoryBenchmark
{
    private const double BudgetBytes = 4096;
    private const int AtOnce = 256;

    public static async Task<int> RunAsync(int subjects)
    {
        await using var host = await BenchmarkHost.StartAsync();
        var grains = host.Services.GetRequiredService<IGrainFactory>();
        await CheckAsync(grains, -AtOnce * 8, 0);
        var before = Resident();
        await CheckAsync(grains, 0, subjects);
        var perSubject = (Resident() - before) / (double)subjects;

        var holds = perSubject <= BudgetBytes;
        Console.WriteLine($"\n{subjects:N0} subjects: {perSubject:N0} bytes of resident memory each, budget {BudgetBytes:N0}"
            + (holds ? ", holds" : ", MISSED"));
        return holds ? 0 : 1;
    }

    private static async Task CheckAsync(IGrainFactory grains, int from, int to)
    {
        for (var first = from; first < to; first += AtOnce)
        {
            await Task.WhenAll(Enumerable.Range(first, Math.Min(AtOnce, to - first)).Select(i => grains
                .RateLimit(new RateLimitKey("bench", "open", SubjectKind.Opaque, $"subject-{i}"))
                .CheckAsync(1, null).AsTask()));
        }
    }

    private static long Resident()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return Environment.WorkingSet;
    }
}
