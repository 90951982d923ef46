using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.RateLimiting;
using Gatehouse.Grains.RateLimiting.Ceilings;
using static Gatehouse.Grains.Tests.RateLimiting.CeilingRulesTests;

namespace Gatehouse.Grains.Tests.RateLimiting;

/// <summary>Debts to the millisecond, and what each algorithm makes of counts that lie in a time to come.</summary>
public class TokenBucketRulesTests
{
    private static readonly Quota Forty = new(RateLimitAlgorithm.TokenBucket, 40, 40, Window, 0);

    [Fact]
    public void Refund_TakesFromTheDebt_NeverBelowNothing()
    {
        var used = Spent(Forty, 5);

        Assert.Equal(3 * Window, RateLimiter.Refund(used, Forty, 2, Start).Level);
        Assert.Equal(0, RateLimiter.Refund(used, Forty, 6, Start).Level);
        // Half a unit has drained: five would be more than is owed.
        Assert.Equal(0, RateLimiter.Refund(used, Forty, 5, Start + 750).Level);
    }

    [Fact]
    public void Peek_LeavesWhatWasOwedAtMost()
    {
        var peeked = RateLimiter.Acquire(Spent(Forty, 5), Forty, 0, Start + 3_000).Next;

        Assert.Equal((3 * Window, 5L), (peeked.Level, peeked.Peak));
    }

    [Fact]
    public void Drain_OfADebtThatIsNoMultipleOfTheLimit_EndsAtNothing()
    {
        var seven = Forty with { Limit = 7, ColdLimit = 7 };

        // 60 000 / 7 = 8 571.4
        Assert.Equal(3, RateLimiter.Acquire(Spent(seven, 1), seven, 0, Start + 8_571).Next.Level);
        Assert.Equal(0, RateLimiter.Acquire(Spent(seven, 1), seven, 0, Start + 8_572).Next.Level);
    }

    [Fact]
    public void Drain_OfADebtAboveALimitThatWasLowered_GoesAtTheRateItWasEarnedAt()
    {
        var (hundred, ten) = (Forty with { Limit = 100, ColdLimit = 100 }, Forty with { Limit = 10, ColdLimit = 10 });

        Assert.Equal(50 * Window, RateLimiter.Acquire(Spent(hundred, 100), ten, 0, Start + 30_000).Next.Level);
    }

    [Fact]
    public void Recount_AddsWhatOthersAreKnownToHaveUsed_AndGivesNothingBack()
    {
        var used = Spent(Forty, 5);

        Assert.Equal(8, Recounted(used, (Bucket, 5, 8)));
        Assert.Equal(5, Recounted(used, (Bucket, 5, 2)));
        Assert.Equal(8, Recounted(used, (Bucket, 5, 2), (Bucket - 1, 0, 3)));
        Assert.Equal(RateLimitState.UsedMax, Recounted(used, (Bucket, 0, int.MaxValue), (Bucket - 1, 0, int.MaxValue)));
    }

    [Fact]
    public void Restore_PlaysEachSubBucketBackAtItsEnd()
    {
        // Three units that ended one millisecond before Start, and drain since.
        Assert.Equal((3 * Window) - (1_001 * 40), Restored(Forty, Bucket - 1, 3, Start + 1_000).Level);
        Assert.Equal(3 * Window, Restored(Forty, BucketCounts.Last(Bucket), 3, Start).Level);
    }

    // What another one has reserved lies there.
    [Fact]
    public void FixedWindow_CountsWhatIsReservedInThisWindow()
    {
        var quota = Forty with { Algorithm = RateLimitAlgorithm.FixedWindow };

        Assert.Equal(3, Restored(quota, BucketCounts.Last(Bucket), 3, Start).Level);
        // In the last span of a window the reservation can lie in the next one.
        Assert.Equal(0, Restored(quota, Bucket, 3, Start - 1).Level);
    }

    [Fact]
    public void SlidingWindow_WhatIsReservedForATimeToCome_CanBeGivenBack_AndElseLeavesLast()
    {
        var quota = Forty with { Algorithm = RateLimitAlgorithm.SlidingWindow };
        var last = BucketCounts.Last(Bucket);
        var reserved = Restored(quota, last, 3, Start);

        Assert.Equal((last + 31) * 2_000, RateLimiter.DrainedAtMs(reserved, quota));
        Assert.Equal(0, RateLimiter.DrainedAtMs(RateLimiter.Refund(reserved, quota, 3, Start), quota));
    }

    private static RateLimitState Spent(in Quota quota, long units) =>
        RateLimiter.Acquire(default, quota, units, Start).Next;

    private static RateLimitState Restored(in Quota quota, long bucket, int units, long nowMs)
    {
        var counts = default(BucketCounts);
        counts[Slot(bucket)] = units;
        return RateLimiter.Restore(quota, counts, default, nowMs);
    }

    private static long Recounted(in RateLimitState state, params (long Bucket, int Before, int After)[] counts)
    {
        var (before, after) = (default(BucketCounts), default(BucketCounts));
        foreach (var count in counts)
        {
            (before[Slot(count.Bucket)], after[Slot(count.Bucket)]) = (count.Before, count.After);
        }

        return TokenBucket.Used(RateLimiter.Recount(state, Forty, before, after, Start));
    }
}
