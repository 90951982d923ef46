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

    public static long FallsToMs(in RateLimitState state, long limit, long level) =>
        state.Level <= level ? state.SeenMs : ((state.SeenMs / state.WindowMs) + 1) * state.WindowMs;
}
