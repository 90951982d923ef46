using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.RateLimiting;

namespace Gatehouse.Benchmarks;

/// <summary>One decision, without grain, store or network.</summary>
internal static class CoreBenchmark
{
    private const int Calls = 5_000_000;

    public static int Run()
    {
        var holds = true;
        Console.WriteLine($"{"algorithm",-18}{"ns/decision",14}{"bytes/decision",16}");
        foreach (var algorithm in Enum.GetValues<RateLimitAlgorithm>().Where(a => a is not RateLimitAlgorithm.None))
        {
            var quota = new Quota(algorithm, 1_000_000_000, 1_000_000_000, 60_000, 0);
            Decide(quota, Calls / 10);
            var before = GC.GetAllocatedBytesForCurrentThread();
            var start = TimeProvider.System.GetTimestamp();
            Decide(quota, Calls);
            var elapsed = TimeProvider.System.GetElapsedTime(start);
            var bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / (double)Calls;
            holds &= bytes < 1;
            Console.WriteLine($"{algorithm,-18}{elapsed.TotalNanoseconds / Calls,14:0.0}{bytes,16:0.00}");
        }

        return holds ? 0 : 1;
    }

    private static void Decide(in Quota quota, int calls)
    {
        var (state, now) = (RateLimitState.Empty, 1_769_860_800_000L);
        for (var i = 0; i < calls; i++)
        {
            now += i & 1;
            (state, _) = RateLimiter.Acquire(state, quota, 1, now);
        }
    }
}
