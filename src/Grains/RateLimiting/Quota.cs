using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.Grains.RateLimiting;

/// <summary>What applies to one subject right now. Times are milliseconds of Unix time.</summary>
internal readonly record struct Quota(
    RateLimitAlgorithm Algorithm, long Limit, long ColdLimit, long WindowMs, long ColdUntilMs)
{
    // Limit x window stays below 2.7e18, so debts of the token bucket fit a long with room for what a conversion adds.
    public const long LimitMax = 1_000_000_000;
    public const long WindowMinMs = 1_000;
    public const long WindowMaxMs = 31L * 24 * 60 * 60 * 1_000;

    public static long Cold(long limit, decimal factor) =>
        Math.Clamp((long)decimal.Floor(limit * Math.Clamp(factor, 0m, 1m)), 1, limit);

    public long EffectiveLimit(long nowMs) => nowMs < ColdUntilMs ? ColdLimit : Limit;
}
