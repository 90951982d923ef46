using Gatehouse.Grains.RateLimiting.Ceilings;

namespace Gatehouse.Grains.RateLimiting;

/// <summary>
/// The generic cell rate algorithm in whole numbers: a debt of token x window milliseconds that falls by the limit
/// every millisecond and may reach limit x window. Any interval T admits at most limit + floor(limit * T / window).
/// </summary>
internal readonly struct TokenBucket : IRateLimitCore
{
    public static RateLimitState Advance(in RateLimitState state, in Quota quota, long nowMs)
    {
        var elapsedMs = nowMs - state.SeenMs;
        var coldMs = Math.Clamp(quota.ColdUntilMs - state.SeenMs, 0, elapsedMs);
        var cold = state with { SeenMs = nowMs, Level = Drain(state, quota.ColdLimit, coldMs) };
        return cold with { Level = Drain(cold, quota.Limit, elapsedMs - coldMs) };
    }

    public static long Used(in RateLimitState state) => Ceiling(state.Level, state.WindowMs);

    public static RateLimitState Spend(in RateLimitState state, long cost)
    {
        var debt = state.Level + (cost * state.WindowMs);
        return state with { Level = debt, Peak = Ceiling(debt, state.WindowMs) };
    }

    public static RateLimitState Refund(in RateLimitState state, long amount) =>
        state with { Level = amount >= Used(state) ? 0 : state.Level - (amount * state.WindowMs) };

    // Each bucket is played back at its end: a unit that came earlier has drained more, never less.
    public static RateLimitState Restore(in Quota quota, in BucketCounts counts, in OpeningDebt debt, long nowMs)
    {
        var newest = SlidingWindow.BucketAt(nowMs, quota.WindowMs);
        var oldest = Math.Max(0, BucketCounts.Oldest(newest));
        var state = RateLimitState.At(quota, SlidingWindow.StartOf(oldest, quota.WindowMs));
        if (debt.AtMs > 0)
        {
            oldest = Math.Max(oldest, SlidingWindow.BucketAt(Math.Min(debt.AtMs, nowMs), quota.WindowMs));
            state = state with { SeenMs = Math.Min(debt.AtMs, nowMs), Level = debt.Level, Peak = debt.Peak };
        }

        for (var bucket = oldest; bucket <= BucketCounts.Last(newest); bucket++)
        {
            if (counts[BucketCounts.Slot(bucket)] is > 0 and var count)
            {
                var latestMs = Math.Min(SlidingWindow.StartOf(bucket + 1, quota.WindowMs) - 1, nowMs);
                state = Spend(Advance(state, quota, Math.Max(latestMs, state.SeenMs)), count);
            }
        }

        return Advance(state, quota, nowMs);
    }

    // What drained meanwhile cannot be told apart, so nothing is given back for a count that turned out lower.
    public static RateLimitState Recount(in RateLimitState state, in BucketCounts before, in BucketCounts after)
    {
        var added = 0L;
        for (var slot = 0; slot < BucketCounts.Length; slot++)
        {
            added += Math.Max(0, after[slot] - before[slot]);
        }

        return added == 0 ? state : Spend(state, Math.Min(added, RateLimitState.UsedMax - Used(state)));
    }

    public static long FallsToMs(in RateLimitState state, long limit, long level)
    {
        var target = level * state.WindowMs;
        if (state.Level <= target)
        {
            return state.SeenMs;
        }

        var owed = Math.Min(state.Level, limit * state.WindowMs) - target;
        return state.SeenMs + ExcessMs(state, limit) + Ceiling(owed, limit);
    }

    private static long Drain(in RateLimitState state, long limit, long elapsedMs)
    {
        var excessMs = ExcessMs(state, limit);
        if (elapsedMs < excessMs)
        {
            return state.Level - (elapsedMs * ExcessRate(state, limit));
        }

        // Compared before it is multiplied: after a long idle time the product would overflow.
        var debt = Math.Min(state.Level, limit * state.WindowMs);
        var restMs = elapsedMs - excessMs;
        return restMs >= Ceiling(debt, limit) ? 0 : debt - (restMs * limit);
    }

    // A debt above the limit is left by a limit that was lowered. At the new rate 10 000 tokens would block a limit of
    // 10 for a thousand windows, so the part above drains at the rate it was earned at: in one window at most.
    private static long ExcessMs(in RateLimitState state, long limit) =>
        Ceiling(Math.Max(0, state.Level - (limit * state.WindowMs)), ExcessRate(state, limit));

    private static long ExcessRate(in RateLimitState state, long limit) => Math.Max(state.Peak, limit);

    private static long Ceiling(long dividend, long divisor) => (dividend + divisor - 1) / divisor;
}
