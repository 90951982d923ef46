using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.RateLimiting;
using Gatehouse.Grains.RateLimiting.Ceilings;
using Gatehouse.Grains.RateLimiting.Global;
using static Gatehouse.Grains.Tests.RateLimiting.CeilingRulesTests;

namespace Gatehouse.Grains.Tests.RateLimiting;

/// <summary>The debt of a token bucket at the start of a span: what a successor needs beside the counts.</summary>
public class OpeningDebtTests
{
    private static readonly Quota Bucketed = new(RateLimitAlgorithm.TokenBucket, 40, 40, Window, 0);
    private static readonly OpeningDebt Known = new(Start - 10_000, 7, 1);

    [Fact]
    public void OpeningAt_OfAnotherAlgorithm_OrOfNothingYet_IsNone()
    {
        var sliding = Bucketed with { Algorithm = RateLimitAlgorithm.SlidingWindow };

        Assert.Equal(default, RateLimiter.OpeningAt(Spent(sliding, 5), sliding, Known, Start + 1));
        Assert.Equal(default, RateLimiter.OpeningAt(default, Bucketed, Known, Start));
    }

    [Fact]
    public void OpeningAt_InTheSameSpan_StaysAsItWasTold() =>
        Assert.Equal(Known, RateLimiter.OpeningAt(Spent(Bucketed, 5), Bucketed, Known, Start + 9_999));

    [Fact]
    public void OpeningAt_InTheNextSpan_IsWhatIsOwedAtItsStart()
    {
        // 5 units, of which 40 a minute drain for ten seconds.
        var debt = RateLimiter.OpeningAt(Spent(Bucketed, 10), Bucketed, Known, Start + 11_000);

        Assert.Equal(new OpeningDebt(Start + 10_000, (10 * Window) - (10_000 * 40), 10), debt);
    }

    [Theory]
    [InlineData(11_000, 11_000)]
    [InlineData(-5_000, 0)]
    public void OpeningAt_OfAPolicyThatWasChanged_IsOfNow(long nowMs, long expectedMs)
    {
        var spent = Spent(Bucketed with { WindowMs = 2 * Window }, 10);

        Assert.Equal(Start + expectedMs, RateLimiter.OpeningAt(spent, Bucketed, Known, Start + nowMs).AtMs);
    }

    [Fact]
    public void OpeningOf_WhatWasToldInThisSpan_IsThat()
    {
        var told = new OpeningDebt(Start, 9, 2);

        Assert.Equal(told, RateLimiter.OpeningOf(Bucketed, default, told, Start + 5_000));
        Assert.Equal(default, RateLimiter.OpeningOf(
            Bucketed with { Algorithm = RateLimitAlgorithm.FixedWindow }, default, told, Start + 5_000));
    }

    [Fact]
    public void OpeningOf_WhatWasToldBefore_IsPlayedOnToTheStartOfTheSpan_WithoutWhatIsCountedInIt()
    {
        var counts = default(BucketCounts);
        counts[Slot(Bucket)] = 5;
        counts[Slot(Bucket + 4)] = 6;
        counts[Slot(Bucket - 1)] = 3;

        var debt = RateLimiter.OpeningOf(Bucketed, counts, new OpeningDebt(Start - 10_000, 10 * Window, 10), Start + 5_000);

        // 10 units drain for 9 999 ms, 3 come, and one millisecond is left.
        var level = (10 * Window) - (9_999 * 40) + (3 * Window) - 40;
        Assert.Equal(new OpeningDebt(Start, level, Peak(level + 40)), debt);
    }

    [Fact]
    public void Apply_OfADebtInAnotherWindow_CountsAsWholeUnitsOfNow()
    {
        var debt = Loaded(new OpeningDebt(Start - 40_000, 90_000, 2), (Start / 4_000) - 5);

        Assert.Equal(new OpeningDebt(Start, 2 * Window, 2), debt);
    }

    [Fact]
    public void Apply_OfCountsInAnotherWindowWithoutADebt_IsWhatTheCountsOwe() =>
        Assert.True(Loaded(default, (Start / 4_000) - 1).Level > 0);

    // Another owner's counts of twice the window, which this policy had before.
    private static OpeningDebt Loaded(OpeningDebt told, long bucket)
    {
        var (counts, request) = Admission.Reserve(default, Bucketed, 1, Start);
        var answer = Answer((bucket, 3)) with { IsApplied = false, WindowMs = 2 * Window, Opening = Doubled(told) };
        return Admission.Apply(counts, Bucketed, request, answer, Start).Opening;
    }

    private static OpeningDebt Doubled(OpeningDebt debt) => debt with { Level = 2 * debt.Level };

    private static RateLimitState Spent(in Quota quota, long units) =>
        RateLimiter.Acquire(default, quota, units, Start).Next;

    private static long Peak(long level) => (level + Window - 1) / Window;

    [Fact]
    public void Refund_GivesUnitsBackInTheStateAndInTheAccount()
    {
        var quota = Bucketed with { Algorithm = RateLimitAlgorithm.SlidingWindow };
        var (used, _, _) = Admission.Acquire(default, quota, GlobalRoom.Unlimited, 10, Start, bareMax: null);

        var refunded = Admission.Refund(used, quota, 4, Start + 1);

        Assert.Equal(6, BucketCounts.Sum(refunded.State.Buckets));
        Assert.Equal(6, BucketCounts.Sum(refunded.Ceiling.Counted));
    }
}
