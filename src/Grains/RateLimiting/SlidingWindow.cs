namespace Gatehouse.Grains.RateLimiting;

/// <summary>
/// 30 sub-buckets to a window, and the partial oldest one counted in full: a unit admitted at t counts at least
/// until t + window, so no interval as long as the window admits more than the limit.
/// </summary>
internal readonly struct SlidingWindow : IRateLimitCore
{
    public const int BucketsPerWindow = 30;

    // floor(time * 30 / window); split into windows and rest, because the plain product overflows for far times.
    public static long BucketAt(long timeMs, long windowMs)
    {
        var (windows, restMs) = Math.DivRem(timeMs, windowMs);
        return (windows * BucketsPerWindow) + (restMs * BucketsPerWindow / windowMs);
    }

    // The first whole millisecond of a bucket: ceil(bucket * window / 30).
    public static long StartOf(long bucket, long windowMs)
    {
        var (windows, rest) = Math.DivRem(bucket, BucketsPerWindow);
        return (windows * windowMs) + (((rest * windowMs) + BucketsPerWindow - 1) / BucketsPerWindow);
    }

    public static RateLimitState Advance(in RateLimitState state, in Quota quota, long nowMs)
    {
        var newest = BucketAt(nowMs, state.WindowMs);
        var passed = Math.Min(newest - NewestOf(state), BucketCounts.Length);
        if (passed == 0)
        {
            return state with { SeenMs = nowMs };
        }

        var buckets = state.Buckets;
        for (var bucket = newest - passed + 1; bucket <= newest; bucket++)
        {
            buckets[BucketCounts.Slot(bucket)] = 0;
        }

        return state with { SeenMs = nowMs, Buckets = buckets };
    }

    public static long Used(in RateLimitState state)
    {
        var used = 0L;
        foreach (var count in state.Buckets)
        {
            used += count;
        }

        return used;
    }

    public static RateLimitState Spend(in RateLimitState state, long cost)
    {
        var buckets = state.Buckets;
        buckets[BucketCounts.Slot(NewestOf(state))] += (int)cost;
        return state with { Buckets = buckets };
    }

    // The oldest units go first. Which admission is refunded is not known: taking a newer unit than the one that was
    // meant would let the older unit leave the window on time and, with it, budget that the newer one still uses.
    public static RateLimitState Refund(in RateLimitState state, long amount)
    {
        var buckets = state.Buckets;
        var newest = NewestOf(state);
        for (var bucket = newest - BucketsPerWindow; bucket <= newest && amount > 0; bucket++)
        {
            ref var count = ref buckets[BucketCounts.Slot(bucket)];
            var taken = (int)Math.Min(count, amount);
            count -= taken;
            amount -= taken;
        }

        return state with { Buckets = buckets };
    }

    public static long FallsToMs(in RateLimitState state, long limit, long level)
    {
        var used = Used(state);
        if (used <= level)
        {
            return state.SeenMs;
        }

        var buckets = state.Buckets;
        var newest = NewestOf(state);
        for (var bucket = newest - BucketsPerWindow; bucket < newest; bucket++)
        {
            used -= buckets[BucketCounts.Slot(bucket)];
            if (used <= level)
            {
                return StartOf(bucket + BucketCounts.Length, state.WindowMs);
            }
        }

        // With the newest bucket gone nothing is in use.
        return StartOf(newest + BucketCounts.Length, state.WindowMs);
    }

    private static long NewestOf(in RateLimitState state) => BucketAt(state.SeenMs, state.WindowMs);
}
