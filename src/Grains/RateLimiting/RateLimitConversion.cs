using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.Grains.RateLimiting;

/// <summary>
/// Carries what was used into another algorithm or window. Where the exact time of use is lost, the latest possible
/// one is taken, so a change of policy never hands out a fresh budget.
/// </summary>
internal static class RateLimitConversion
{
    public static RateLimitState Convert<TCore>(in RateLimitState state, in Quota quota, long nowMs)
        where TCore : struct, IRateLimitCore
    {
        var blank = RateLimitState.At(quota, nowMs);
        if (state.Algorithm is RateLimitAlgorithm.SlidingWindow && quota.Algorithm is RateLimitAlgorithm.SlidingWindow)
        {
            var advanced = SlidingWindow.Advance(state, quota, nowMs);
            return blank with
            {
                Buckets = BucketCounts.Rebucket(advanced.Buckets, state.WindowMs, quota.WindowMs, nowMs),
            };
        }

        var used = state.Algorithm switch
        {
            RateLimitAlgorithm.SlidingWindow => UsedAt<SlidingWindow>(state, nowMs),
            RateLimitAlgorithm.TokenBucket => UsedAt<TokenBucket>(state, nowMs),
            RateLimitAlgorithm.FixedWindow => UsedAt<FixedWindow>(state, nowMs),
            _ => 0,
        };
        return TCore.Spend(blank, used);
    }

    private static long UsedAt<TCore>(in RateLimitState state, long nowMs)
        where TCore : struct, IRateLimitCore
    {
        // The limit that was counted with is not kept, and the new one belongs to another window. The peak was within
        // the old limit, so draining at that rate is never too fast.
        var rate = Math.Max(1, state.Peak);
        return TCore.Used(TCore.Advance(state, new Quota(state.Algorithm, rate, rate, state.WindowMs, 0), nowMs));
    }
}
