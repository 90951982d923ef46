using CsCheck;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.RateLimiting;

namespace Gatehouse.Grains.Tests.RateLimiting;

/// <summary>One call of a random schedule: after a gap, a cost to acquire and an amount to give back.</summary>
internal sealed record Step(long GapMs, long Cost, long Refund);

/// <summary>A quota, a start and what happens from there.</summary>
internal sealed record Schedule(Quota Quota, long StartMs, Step[] Steps);

/// <summary>Random quotas and schedules, with the edges of every range made likely.</summary>
internal static class RateLimitGen
{
    public const long Epoch2024Ms = 1_704_067_200_000;

    public static readonly Gen<RateLimitAlgorithm> Algorithms = Gen.OneOf(
        RateLimitAlgorithm.SlidingWindow, RateLimitAlgorithm.TokenBucket, RateLimitAlgorithm.FixedWindow);

    public static readonly Gen<long> Windows = Gen.OneOf(
        Gen.OneOf(Quota.WindowMinMs, 1_001, 7_919, 60_000, Quota.WindowMaxMs),
        Gen.Long[Quota.WindowMinMs, 120_000],
        Gen.Long[Quota.WindowMinMs, Quota.WindowMaxMs]);

    public static readonly Gen<long> SmallLimits = Gen.Long[1, 20];

    public static readonly Gen<long> Limits = Gen.OneOf(
        Gen.OneOf(1, 2, 100, Quota.LimitMax), SmallLimits, Gen.Long[1, Quota.LimitMax]);

    public static Gen<Quota> Quotas(Gen<RateLimitAlgorithm> algorithms, Gen<long> limits) =>
        from algorithm in algorithms
        from limit in limits
        from window in Windows
        from factor in Gen.OneOf(0.0m, 0.1m, 0.5m, 0.9m, 1m)
        from coldMs in Gen.OneOf(Gen.Const(-1L), Gen.Long[0, 3 * window])
        select new Quota(algorithm, limit, Quota.Cold(limit, factor), window, Epoch2024Ms + coldMs);

    public static Gen<Schedule> Schedules(RateLimitAlgorithm algorithm) =>
        Schedules(Quotas(Gen.Const(algorithm), SmallLimits), 60);

    public static Gen<Schedule> Schedules(Gen<Quota> quotas, int lengthMax = 12) =>
        from quota in quotas
        from offset in Gen.Long[0, quota.WindowMs]
        from steps in Steps(quota).Array[0, lengthMax]
        select new Schedule(quota, Epoch2024Ms + offset, steps);

    public static Gen<long> Costs(long limit) => Gen.Frequency(
        (1, Gen.OneOf(0, limit, limit + 1)), (2, Gen.Const(1L)), (2, Gen.Long[1, Math.Max(1, limit / 2)]));

    private static Gen<Step> Steps(Quota quota) =>
        from gap in Gaps(quota.WindowMs)
        from cost in Costs(quota.Limit)
        from refund in Gen.Frequency((4, Gen.Const(0L)), (1, Gen.Long[1, quota.Limit]))
        select new Step(gap, cost, refund);

    private static Gen<long> Gaps(long windowMs) => Gen.Frequency(
        (3, Gen.Const(0L)),
        (3, Gen.Long[0, windowMs / 10]),
        (2, Gen.OneOf(1, windowMs / 30, (windowMs / 30) + 1, windowMs / 2)),
        (1, Gen.OneOf(windowMs - 1, windowMs, windowMs + 1, windowMs * 31 / 30)),
        (1, Gen.Long[0, 2 * windowMs]));
}
