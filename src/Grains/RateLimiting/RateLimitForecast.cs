namespace Gatehouse.Grains.RateLimiting;

/// <summary>When something becomes possible if no other request comes, across the end of a cold period.</summary>
internal static class RateLimitForecast
{
    public static long AdmitsAtMs<TCore>(in RateLimitState state, in Quota quota, long cost)
        where TCore : struct, IRateLimitCore =>
        FallsToMs<TCore>(state, quota, quota.ColdLimit - cost, quota.Limit - cost);

    public static long DrainedAtMs<TCore>(in RateLimitState state, in Quota quota)
        where TCore : struct, IRateLimitCore =>
        FallsToMs<TCore>(state, quota, 0, 0);

    private static long FallsToMs<TCore>(in RateLimitState state, in Quota quota, long coldLevel, long level)
        where TCore : struct, IRateLimitCore
    {
        if (state.SeenMs >= quota.ColdUntilMs)
        {
            return TCore.FallsToMs(state, quota.Limit, level);
        }

        if (coldLevel >= 0)
        {
            var atMs = TCore.FallsToMs(state, quota.ColdLimit, coldLevel);
            if (atMs < quota.ColdUntilMs)
            {
                return atMs;
            }
        }

        return TCore.FallsToMs(TCore.Advance(state, quota, quota.ColdUntilMs), quota.Limit, level);
    }
}
