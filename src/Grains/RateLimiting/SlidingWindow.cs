using Gatehouse.Grains.RateLimiting.Ceilings;

namespace Gatehouse.Grains.RateLimiting;

/// <summary>
/// 30 sub-buckets to a window, and the partial oldest one counted in full: a unit admitted at t counts at least
/// until t + window, so no interval as long as the window admits more than the limit.
/// </summary>
internal readonly struct SlidingWindow : IRateLimitCore
{
    public const int BucketsPerWindow = 30;

    // A reservation lasts for a span: a sixth of the window.
    public const int BucketsPerSpan = 5;

    private const int BucketLifetime = BucketsPerWindow + 1;

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
        var (from, to) = (NewestOf(state), BucketAt(nowMs, state.WindowMs));
        return from == to
            ? state with { SeenMs = nowMs }
            : state with { SeenMs = nowMs, Buckets = BucketCounts.Advance(state.Buckets, from, to) };
    }

    public static long Used(in RateLimitState state) => BucketCounts.Sum(state.Buckets);

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
        for (var bucket = BucketCounts.Oldest(newest); bucket <= BucketCounts.Last(newest) && amount > 0; bucket++)
        {
            ref var count = ref buckets[BucketCounts.Slot(bucket)];
            var taken = (int)Math.Min(count, amount);
            count -= taken;
            amount -= taken;
        }

        return state with { Buckets = buckets };
    }

    public static RateLimitState Restore(
        in Quota quota, in BucketCounts counts, in OpeningDebt debt, long nowMs) =>
        RateLimitState.At(quota, nowMs) with { Buckets = counts };

    public static RateLimitState Recount(in RateLimitState state, in BucketCounts before, in BucketCounts after)
    {
        var buckets = state.Buckets;
        for (var slot = 0; slot < BucketCounts.Length; slot++)
        {
            var count = (long)buckets[slot] + after[slot] - before[slot];
            buckets[slot] = (int)Math.Clamp(count, 0, RateLimitState.UsedMax);
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
        var last = BucketCounts.Last(newest);
        for (var bucket = BucketCounts.Oldest(newest); bucket < last; bucket++)
        {
            used -= buckets[BucketCounts.Slot(bucket)];
            if (used <= level)
            {
                return StartOf(bucket + BucketLifetime, state.WindowMs);
            }
        }

        // With the last bucket gone nothing is in use.
        return StartOf(last + BucketLifetime, state.WindowMs);
    }

    public static long NewestOf(in RateLimitState state) => BucketAt(state.SeenMs, state.WindowMs);
}
