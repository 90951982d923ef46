using Gatehouse.Grains.RateLimiting.Ceilings;

namespace Gatehouse.Grains.RateLimiting;

/// <summary>Windows aligned to the Unix epoch, each with the whole limit.</summary>
internal readonly struct FixedWindow : IRateLimitCore
{
    public static RateLimitState Advance(in RateLimitState state, in Quota quota, long nowMs)
    {
        var same = nowMs / state.WindowMs == state.SeenMs / state.WindowMs;
        return state with { SeenMs = nowMs, Level = same ? state.Level : 0 };
    }

    public static long Used(in RateLimitState state) => state.Level;

    public static RateLimitState Spend(in RateLimitState state, long cost) =>
        state with { Level = state.Level + cost };

    public static RateLimitState Refund(in RateLimitState state, long amount) =>
        state with { Level = Math.Max(0, state.Level - amount) };

    public static RateLimitState Restore(
        in Quota quota, in BucketCounts counts, in OpeningDebt debt, long nowMs) =>
        Recount(RateLimitState.At(quota, nowMs), default, counts);

    public static RateLimitState Recount(in RateLimitState state, in BucketCounts before, in BucketCounts after) =>
        state with { Level = Math.Max(0, state.Level + InWindow(state, after) - InWindow(state, before)) };

    public static long FallsToMs(in RateLimitState state, long limit, long level) =>
        state.Level <= level ? state.SeenMs : ((state.SeenMs / state.WindowMs) + 1) * state.WindowMs;

    // A window is 30 whole buckets, and so are its spans: what is reserved in a window counts in that window.
    private static long InWindow(in RateLimitState state, in BucketCounts counts)
    {
        var newest = SlidingWindow.NewestOf(state);
        var window = newest / SlidingWindow.BucketsPerWindow;
        var sum = 0L;
        for (var bucket = BucketCounts.Oldest(newest); bucket <= BucketCounts.Last(newest); bucket++)
        {
            sum += bucket / SlidingWindow.BucketsPerWindow == window ? counts[BucketCounts.Slot(bucket)] : 0;
        }

        return sum;
    }
}
