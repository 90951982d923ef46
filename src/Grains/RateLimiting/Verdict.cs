namespace Gatehouse.Grains.RateLimiting;

/// <summary>The answer to one request; every wait is counted from the time the caller gave.</summary>
/// <param name="Allowed">Whether the cost was admitted; for a peek, whether a cost of 1 would be.</param>
/// <param name="EffectiveLimit">The limit this verdict was measured against: the cold one in a cold period.</param>
/// <param name="Remaining">The largest cost that would be admitted at this very time; never negative.</param>
/// <param name="MoreAfterMs">Until <paramref name="Remaining"/> grows; 0 when nothing is in use.</param>
/// <param name="ResetAfterMs">Until nothing is in use any more; 0 when nothing is.</param>
/// <param name="RetryAfterMs">0 when allowed, <see cref="Never"/>, or the exact wait of the same cost.</param>
internal readonly record struct Verdict(
    bool Allowed, long EffectiveLimit, long Remaining, long MoreAfterMs, long ResetAfterMs, long RetryAfterMs)
{
    /// <summary>
    /// The region would have admitted it; all regions together would not. The wait is then an upper bound: the others'
    /// use may fall earlier.
    /// </summary>
    public bool IsGlobal { get; init; }

    /// <summary>The cost is larger than the limit itself: no wait helps.</summary>
    public const long Never = -1;
}
