using Gatehouse.Grains.RateLimiting.Ceilings;

namespace Gatehouse.Grains.RateLimiting;

/// <summary>What an algorithm can tell of a state it counted; no time given lies before the state's.</summary>
internal interface IRateLimitCore
{
    /// <summary>The state at a later time; many steps give the same as one.</summary>
    static abstract RateLimitState Advance(in RateLimitState state, in Quota quota, long nowMs);

    /// <summary>Tokens in use, rounded up.</summary>
    static abstract long Used(in RateLimitState state);

    /// <summary>Counts an admission; whether there is room was asked before.</summary>
    static abstract RateLimitState Spend(in RateLimitState state, long cost);

    /// <summary>Gives back up to what is in use.</summary>
    static abstract RateLimitState Refund(in RateLimitState state, long amount);

    /// <summary>
    /// The state of a subject of which only its counts per bucket are known, each at its latest possible time, and the
    /// debt that those after it add to.
    /// </summary>
    static abstract RateLimitState Restore(in Quota quota, in BucketCounts counts, in OpeningDebt debt, long nowMs);

    /// <summary>The same use after others' counts were learned to be different.</summary>
    static abstract RateLimitState Recount(in RateLimitState state, in BucketCounts before, in BucketCounts after);

    /// <summary>When at most <paramref name="level"/> tokens are in use, should the limit never change.</summary>
    static abstract long FallsToMs(in RateLimitState state, long limit, long level);
}
