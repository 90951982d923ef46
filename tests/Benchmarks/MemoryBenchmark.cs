using Gatehouse.Benchmarks.Tables;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.RateLimiting;

namespace Gatehouse.Benchmarks;

/// <summary>
/// What tracked subjects cost of the process's resident memory, when they leave it, and what a flood of distinct
/// addresses can take.
/// </summary>
internal static class MemoryBenchmark
{
    private const double BytesMax = 4096;
    private const int Rounds = 5;
    private const int AtOnce = 256;
    private const int Ceiling = 20_000;
    // BenchmarkHost's policies have one of a minute.
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    /// <summary>All of it; the subjects are called in as many parts as there are rounds.</summary>
    public static async Task<IReadOnlyList<Row>> RunAsync(int subjects) =>
        [.. await TrackedAsync(subjects), await FloodedAsync()];

    public static long Resident()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return Environment.WorkingSet;
    }

    private static async Task<IReadOnlyList<Row>> TrackedAsync(int subjects)
    {
        await using var host = await BenchmarkHost.StartAsync();
        var grains = host.Services.GetRequiredService<IGrainFactory>();
        var tracked = host.Services.GetRequiredService<TrackedSubjects>();
        // The subject of the other policy stays for longer.
        var others = tracked.Count;
        await CheckAsync(grains, -AtOnce * 8, 0);
        var (first, part) = (Resident(), subjects / Rounds);
        var (bytes, lastCalls) = (new List<double>(), new List<long>());
        for (var round = 1; round <= Rounds; round++)
        {
            await CheckAsync(grains, part * (round - 1), part * round);
            lastCalls.Add(TimeProvider.System.GetTimestamp());
            // Of all until now: tables that double come in steps, which are the share of all of them.
            bytes.Add((Resident() - first) / (double)(part * round));
            Console.WriteLine($"{part * round:N0} subjects: {bytes[^1]:N0} bytes each");
        }

        var windows = await CollectedAsync(() => tracked.Count - others, part, lastCalls);
        return
        [
            Row.AtMost($"memory per rate-limit activation, up to {subjects:N0} subjects", bytes, BytesMax, "bytes"),
            Row.AtMost("collected after the last call", windows, 2, "windows"),
        ];
    }

    /// <summary>When the last of each part has left, which leave in the order of their calls.</summary>
    private static async Task<IReadOnlyList<double>> CollectedAsync(
        Func<int> count, int part, List<long> lastCalls)
    {
        var windows = new List<double>();
        using var timer = new PeriodicTimer(Look);
        while (windows.Count < lastCalls.Count && await timer.WaitForNextTickAsync())
        {
            var after = TimeProvider.System.GetElapsedTime(lastCalls[windows.Count]) / Window;
            // One that never leaves is reported as what it is: too late.
            if (count() <= part * (lastCalls.Count - windows.Count - 1) || after > 4)
            {
                windows.Add(after);
                Console.WriteLine($"{count():N0} subjects left after {after:0.00} windows");
            }
        }

        return windows;
    }

    /// <summary>Ten times as many subjects as may be tracked.</summary>
    private static async Task<Row> FloodedAsync()
    {
        await using var host = await BenchmarkHost.StartAsync(("Gatehouse:RateLimiting:TrackedSubjectsMax", $"{Ceiling}"));
        var grains = host.Services.GetRequiredService<IGrainFactory>();
        var tracked = host.Services.GetRequiredService<TrackedSubjects>();
        var shares = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            await CheckAsync(grains, Ceiling * 2 * round, Ceiling * 2 * (round + 1));
            shares.Add(tracked.Count / (double)Ceiling);
        }

        return Row.AtMost("tracked in a flood of distinct addresses / ceiling", shares, 1);
    }

    private static async Task CheckAsync(IGrainFactory grains, int from, int to)
    {
        for (var first = from; first < to; first += AtOnce)
        {
            await Task.WhenAll(Enumerable.Range(first, Math.Min(AtOnce, to - first)).Select(i => TryCheckAsync(grains, i)));
        }
    }

    private static async Task TryCheckAsync(IGrainFactory grains, int subject)
    {
        try
        {
            var key = new RateLimitKey("bench", "open", SubjectKind.Opaque, $"subject-{subject}");
            await grains.RateLimit(key).CheckAsync(1, null);
        }
        catch (Exception overload) when (overload is TimeoutException or ServiceOverloadedException)
        {
            // A caller would be told to come back; how many subjects there are is what is measured.
        }
    }
}
