using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.Benchmarks;

/// <summary>The grain call alone, from inside the host, as an endpoint makes it.</summary>
internal static class GrainBenchmark
{
    private const int Calls = 300_000;

    public static async Task<int> RunAsync()
    {
        await using var host = await BenchmarkHost.StartAsync();
        var grains = host.Services.GetRequiredService<IGrainFactory>();
        await CheckAsync(grains, Calls / 3);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var start = TimeProvider.System.GetTimestamp();
        await CheckAsync(grains, Calls);
        var elapsed = TimeProvider.System.GetElapsedTime(start);
        var bytes = (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)Calls;
        Console.WriteLine($"\n{elapsed.TotalMicroseconds / Calls:0.00} us and {bytes:0} bytes a call, one at a time");
        return 0;
    }

    private static async Task CheckAsync(IGrainFactory grains, int calls)
    {
        for (var i = 0; i < calls; i++)
        {
            var key = new RateLimitKey("bench", "open", SubjectKind.Opaque, "subject");
            await grains.RateLimit(key).CheckAsync(1, null);
        }
    }
}
