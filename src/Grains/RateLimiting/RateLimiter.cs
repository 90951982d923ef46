using System.Diagnostics;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.RateLimiting.Ceilings;

namespace Gatehouse.Grains.RateLimiting;

/// <summary>
/// Decides one request against one state. A time before the last one seen counts as that last one, so a clock that
/// steps back frees nothing; the waits still start at the time given, so they stay exact.
/// </summary>
internal static class RateLimiter
{
    public static (RateLimitState Next, Verdict Verdict) Acquire(
        in RateLimitState state, in Quota quota, long cost, long nowMs)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(cost);
        return quota.Algorithm switch
        {
            RateLimitAlgorithm.SlidingWindow => Acquire<SlidingWindow>(state, quota, cost, nowMs),
            RateLimitAlgorithm.TokenBucket => Acquire<TokenBucket>(state, quota, cost, nowMs),
            RateLimitAlgorithm.FixedWindow => Acquire<FixedWindow>(state, quota, cost, nowMs),
            _ => throw new UnreachableException($"Algorithm {quota.Algorithm}"),
        };
    }

    public static RateLimitState Refund(in RateLimitState state, in Quota quota, long amount, long nowMs)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(amount);
        return quota.Algorithm switch
        {
            RateLimitAlgorithm.SlidingWindow => Refund<SlidingWindow>(state, quota, amount, nowMs),
            RateLimitAlgorithm.TokenBucket => Refund<TokenBucket>(state, quota, amount, nowMs),
            RateLimitAlgorithm.FixedWindow => Refund<FixedWindow>(state, quota, amount, nowMs),
            _ => throw new UnreachableException($"Algorithm {quota.Algorithm}"),
        };
    }

    /// <summary>The state of a subject of which only its counts per bucket are known.</summary>
    public static RateLimitState Restore(in Quota quota, in BucketCounts counts, in OpeningDebt debt, long nowMs) =>
        quota.Algorithm switch
        {
            RateLimitAlgorithm.SlidingWindow => SlidingWindow.Restore(quota, counts, debt, nowMs),
            RateLimitAlgorithm.TokenBucket => TokenBucket.Restore(quota, counts, debt, nowMs),
            RateLimitAlgorithm.FixedWindow => FixedWindow.Restore(quota, counts, debt, nowMs),
            _ => throw new UnreachableException($"Algorithm {quota.Algorithm}"),
        };

    /// <summary>
    /// Token bucket: the debt at the start of the span that time lies in, which what is counted after it adds to.
    /// </summary>
    public static OpeningDebt OpeningAt(in RateLimitState state, in Quota quota, in OpeningDebt known, long nowMs)
    {
        if (quota.Algorithm is not RateLimitAlgorithm.TokenBucket || state.SeenMs == 0)
        {
            return default;
        }

        var startMs = SlidingWindow.StartOf(FirstOfSpan(quota, Math.Max(nowMs, state.SeenMs)), quota.WindowMs);
        if (state.WasCountedBy(quota) && state.SeenMs >= startMs)
        {
            return known;
        }

        // Counted until now by another policy: what that comes to is known for now only.
        var atMs = state.WasCountedBy(quota) ? startMs : Math.Max(nowMs, state.SeenMs);
        var debt = At<TokenBucket>(state, quota, atMs);
        return new OpeningDebt(atMs, debt.Level, debt.Peak);
    }

    /// <summary>
    /// Token bucket: the same of a subject that was just loaded. What was told may be older than the buckets reach: a
    /// subject that is handed over often and called little would never tell it anew.
    /// </summary>
    public static OpeningDebt OpeningOf(in Quota quota, BucketCounts counts, in OpeningDebt told, long nowMs)
    {
        if (quota.Algorithm is not RateLimitAlgorithm.TokenBucket)
        {
            return default;
        }

        var first = FirstOfSpan(quota, nowMs);
        var startMs = SlidingWindow.StartOf(first, quota.WindowMs);
        if (told.AtMs >= startMs)
        {
            return told;
        }

        var last = BucketCounts.Last(SlidingWindow.BucketAt(nowMs, quota.WindowMs));
        for (var bucket = first; bucket <= last; bucket++)
        {
            counts[BucketCounts.Slot(bucket)] = 0;
        }

        var debt = TokenBucket.Restore(quota, counts, told, startMs);
        return new OpeningDebt(startMs, debt.Level, debt.Peak);
    }

    /// <summary>The same use after others' counts were learned to be different; both are of the time given.</summary>
    public static RateLimitState Recount(
        in RateLimitState state, in Quota quota, in BucketCounts before, in BucketCounts after, long nowMs) =>
        quota.Algorithm switch
        {
            RateLimitAlgorithm.SlidingWindow =>
                SlidingWindow.Recount(At<SlidingWindow>(state, quota, nowMs), before, after),
            RateLimitAlgorithm.TokenBucket => TokenBucket.Recount(At<TokenBucket>(state, quota, nowMs), before, after),
            RateLimitAlgorithm.FixedWindow => FixedWindow.Recount(At<FixedWindow>(state, quota, nowMs), before, after),
            _ => throw new UnreachableException($"Algorithm {quota.Algorithm}"),
        };

    /// <summary>When nothing counts any more; 0 when nothing does.</summary>
    public static long DrainedAtMs(in RateLimitState state, in Quota quota) => quota.Algorithm switch
    {
        RateLimitAlgorithm.SlidingWindow => DrainedAtMs<SlidingWindow>(state, quota),
        RateLimitAlgorithm.TokenBucket => DrainedAtMs<TokenBucket>(state, quota),
        RateLimitAlgorithm.FixedWindow => DrainedAtMs<FixedWindow>(state, quota),
        _ => throw new UnreachableException($"Algorithm {quota.Algorithm}"),
    };

    private static (RateLimitState, Verdict) Acquire<TCore>(
        in RateLimitState state, in Quota quota, long cost, long nowMs)
        where TCore : struct, IRateLimitCore
    {
        var current = At<TCore>(state, quota, nowMs);
        var limit = quota.EffectiveLimit(current.SeenMs);
        var asked = Math.Max(cost, 1);
        var allowed = asked <= limit - TCore.Used(current);
        var next = allowed && cost > 0 ? TCore.Spend(current, cost) : current;

        var retryAfterMs = allowed ? 0
            : asked > quota.Limit ? Verdict.Never
            : RateLimitForecast.AdmitsAtMs<TCore>(next, quota, asked) - nowMs;

        var used = TCore.Used(next);
        if (used == 0)
        {
            return (next, new Verdict(allowed, limit, limit, 0, 0, retryAfterMs));
        }

        var remaining = Math.Max(0, limit - used);
        var moreAfterMs = RateLimitForecast.AdmitsAtMs<TCore>(next, quota, remaining + 1) - nowMs;
        var resetAfterMs = RateLimitForecast.DrainedAtMs<TCore>(next, quota) - nowMs;
        return (next, new Verdict(allowed, limit, remaining, moreAfterMs, resetAfterMs, retryAfterMs));
    }

    private static long FirstOfSpan(in Quota quota, long timeMs)
    {
        var bucket = SlidingWindow.BucketAt(timeMs, quota.WindowMs);
        return bucket - (bucket % SlidingWindow.BucketsPerSpan);
    }

    private static RateLimitState Refund<TCore>(in RateLimitState state, in Quota quota, long amount, long nowMs)
        where TCore : struct, IRateLimitCore =>
        TCore.Refund(At<TCore>(state, quota, nowMs), amount);

    private static long DrainedAtMs<TCore>(in RateLimitState state, in Quota quota)
        where TCore : struct, IRateLimitCore
    {
        var current = At<TCore>(state, quota, state.SeenMs);
        return TCore.Used(current) == 0 ? 0 : RateLimitForecast.DrainedAtMs<TCore>(current, quota);
    }

    private static RateLimitState At<TCore>(in RateLimitState state, in Quota quota, long nowMs)
        where TCore : struct, IRateLimitCore
    {
        var seenMs = Math.Max(nowMs, state.SeenMs);
        return state.WasCountedBy(quota)
            ? TCore.Advance(state, quota, seenMs)
            : RateLimitConversion.Convert<TCore>(state, quota, seenMs);
    }
}
