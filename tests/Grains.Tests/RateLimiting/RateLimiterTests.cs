using System.Globalization;
using CsCheck;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.RateLimiting;

namespace Gatehouse.Grains.Tests.RateLimiting;

/// <summary>What every algorithm promises.</summary>
public class RateLimiterTests
{
    private const long Start = RateLimitGen.Epoch2024Ms;
    private const long Minute = 60_000;

    public static TheoryData<RateLimitAlgorithm> Algorithms { get; } =
        [RateLimitAlgorithm.SlidingWindow, RateLimitAlgorithm.TokenBucket, RateLimitAlgorithm.FixedWindow];

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Acquire_500RequestsWhileColdAndAfter_AdmitsHalfThenTheWholeLimit(RateLimitAlgorithm algorithm)
    {
        var coldUntilMs = Start + (5 * Minute);
        var subject = new Subject(new Quota(algorithm, 100, Quota.Cold(100, 0.5m), Minute, coldUntilMs));

        Assert.Equal(50, subject.AcquireOneEach(500, Start));
        Assert.Equal(100, subject.AcquireOneEach(500, coldUntilMs));
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Acquire_ColdEndsWithinTheWindow_AdmitsTheOtherHalf(RateLimitAlgorithm algorithm)
    {
        var subject = new Subject(new Quota(algorithm, 100, 50, Minute, Start + 1));

        Assert.Equal(50, subject.AcquireOneEach(500, Start));
        Assert.Equal(50, subject.AcquireOneEach(500, Start + 1));
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Acquire_CostAboveTheColdLimit_IsAdmittedWhenTheColdPeriodEnds(RateLimitAlgorithm algorithm)
    {
        var subject = new Subject(new Quota(algorithm, 100, 50, Minute, Start + 1_234));

        Assert.Equal(1_234, subject.Acquire(51, Start).RetryAfterMs);
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Acquire_Peek_CountsNothingAndTellsWhetherOneWouldPass(RateLimitAlgorithm algorithm)
    {
        var subject = new Subject(new Quota(algorithm, 1, 1, Minute, 0));

        Assert.Equal(new Verdict(true, 1, 1, 0, 0, 0), subject.Acquire(0, Start));
        Assert.Equal(0, subject.DrainedAtMs);
        Assert.True(subject.Acquire(1, Start).Allowed);
        Assert.False(subject.Acquire(0, Start).Allowed);
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Acquire_NegativeCost_Throws(RateLimitAlgorithm algorithm)
    {
        var subject = new Subject(new Quota(algorithm, 1, 1, Minute, 0));

        Assert.Throws<ArgumentOutOfRangeException>(() => subject.Acquire(-1, Start));
        Assert.Throws<ArgumentOutOfRangeException>(() => subject.Refund(-1, Start));
    }

    [Theory]
    [InlineData(100, "0.5", 50)]
    [InlineData(3, "0.5", 1)]
    [InlineData(1, "0.5", 1)]
    [InlineData(100, "0", 1)]
    [InlineData(1_000_000_000, "1", 1_000_000_000)]
    public void Cold_LimitAndFactor_IsTheFloorButNeverBelowOne(long limit, string factor, long cold) =>
        Assert.Equal(cold, Quota.Cold(limit, decimal.Parse(factor, CultureInfo.InvariantCulture)));

    [Fact]
    public void Acquire_Denied_IsAdmittedExactlyAtRetryAfter() => Histories.Sample(
        (schedule, quota, cost) =>
        {
            var subject = Subject.After(schedule, out var nowMs);
            subject.Quota = quota;

            var verdict = subject.Acquire(cost, nowMs);

            if (verdict.RetryAfterMs == Verdict.Never)
            {
                Assert.True(cost > quota.Limit);
            }
            else if (verdict.Allowed)
            {
                Assert.Equal(0, verdict.RetryAfterMs);
            }
            else
            {
                Assert.True(subject.Try(cost, nowMs + verdict.RetryAfterMs).Allowed);
                Assert.False(subject.Try(cost, nowMs + verdict.RetryAfterMs - 1).Allowed);
                Assert.True(verdict.MoreAfterMs <= verdict.RetryAfterMs);
            }
        },
        iter: Tries.Of(10_000));

    [Fact]
    public void Acquire_AnyHistory_RemainingMoreAndResetAreTrue() => Histories.Sample(
        (schedule, quota, cost) =>
        {
            var subject = Subject.After(schedule, out var nowMs);
            subject.Quota = quota;

            var (_, limit, remaining, moreMs, resetMs, _) = subject.Acquire(cost, nowMs);

            Assert.Equal(quota.EffectiveLimit(nowMs), limit);
            Assert.True(remaining == 0 || subject.Try(remaining, nowMs).Allowed);
            Assert.False(subject.Try(remaining + 1, nowMs).Allowed);
            Assert.Equal(0, subject.Try(0, nowMs + resetMs).ResetAfterMs);
            Assert.Equal(resetMs == 0 ? 0 : nowMs + resetMs, subject.DrainedAtMs);
            if (resetMs > 0)
            {
                Assert.Equal(1, subject.Try(0, nowMs + resetMs - 1).ResetAfterMs);
                Assert.True(subject.Try(0, nowMs + moreMs).Remaining > remaining);
                Assert.Equal(remaining, subject.Try(0, nowMs + moreMs - 1).Remaining);
            }
        },
        iter: Tries.Of(10_000));

    [Fact]
    public void Acquire_AfterAPeekOnTheWay_DecidesTheSame() => Gen.Select(Histories, Gen.Double.Unit).Sample(
        (history, part) =>
        {
            var (schedule, _, cost) = history;
            var subject = Subject.After(schedule, out var nowMs);
            var laterMs = nowMs + (2 * schedule.Quota.WindowMs);
            var direct = subject.Try(cost, laterMs);

            subject.Acquire(0, nowMs + (long)(part * (laterMs - nowMs)));

            Assert.Equal(direct, subject.Acquire(cost, laterMs));
        },
        iter: Tries.Of(3_000));

    [Fact]
    public void Acquire_TimeRunsBack_AdmitsWhatItWouldAtTheLatestTimeSeen() => Gen
        .Select(RateLimitGen.Schedules(RateLimitGen.Quotas(RateLimitGen.Algorithms, RateLimitGen.SmallLimits), 40),
            Gen.Int[1, 5])
        .Sample(
            (schedule, every) =>
            {
                var (skewed, steady) = (new Subject(schedule.Quota), new Subject(schedule.Quota));
                var (nowMs, latestMs) = (schedule.StartMs, schedule.StartMs);
                foreach (var (step, index) in schedule.Steps.Select((step, index) => (step, index)))
                {
                    nowMs += index % every == 0 ? step.GapMs : -step.GapMs;
                    latestMs = Math.Max(latestMs, nowMs);

                    var (allowed, _, _, _, _, retryMs) = skewed.Acquire(step.Cost, nowMs);
                    Assert.Equal(steady.Acquire(step.Cost, latestMs).Allowed, allowed);
                    Assert.True(retryMs <= 0 || skewed.Try(step.Cost, nowMs + retryMs).Allowed);
                }
            },
            iter: Tries.Of(1_000));

    [Fact]
    public void Acquire_ExtremesOfEveryRange_NeverThrowsAndAnswersWithinBounds() => Gen
        .Select(
            Gen.Select(RateLimitGen.Quotas(RateLimitGen.Algorithms, RateLimitGen.Limits), ColdEnds)
                .Select((quota, coldUntilMs) => quota with { ColdUntilMs = coldUntilMs }).Array[1, 8],
            Gen.OneOf(Gen.OneOf(0, 1, 253_402_300_799_999), Gen.Long[0, 253_402_300_799_999]).Array[8],
            Gen.OneOf(Gen.OneOf(0, 1, Quota.LimitMax, long.MaxValue), Gen.Long[0, Quota.LimitMax]).Array[8])
        .Sample(
            (quotas, times, amounts) =>
            {
                var subject = new Subject(quotas[0]);
                for (var i = 0; i < quotas.Length; i++)
                {
                    subject.Quota = quotas[i];
                    var verdict = subject.Acquire(amounts[i], times[i]);
                    Assert.InRange(verdict.Remaining, 0, verdict.EffectiveLimit);
                    Assert.InRange(verdict.RetryAfterMs, verdict.Allowed ? 0 : Verdict.Never, long.MaxValue);
                    Assert.InRange(verdict.MoreAfterMs, 0, verdict.ResetAfterMs);
                    subject.Refund(amounts[^(i + 1)], times[^(i + 1)]);
                    Assert.True(subject.DrainedAtMs >= 0);
                }
            },
            iter: Tries.Of(5_000));

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Acquire_HotPath_AllocatesNothing(RateLimitAlgorithm algorithm)
    {
        var subject = new Subject(new Quota(algorithm, 100, 50, Minute, Start + (2 * Minute)));
        AcquireMany(subject, 1_000, Start);
        var before = GC.GetAllocatedBytesForCurrentThread();

        AcquireMany(subject, 10_000, Start + 10_000);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void RateLimitState_Size_StaysBelow256Bytes() =>
        Assert.InRange(System.Runtime.CompilerServices.Unsafe.SizeOf<RateLimitState>(), 1, 255);

    // A past under one quota, then the question under the same or another one.
    private static Gen<(Schedule, Quota, long)> Histories { get; } =
        from schedule in RateLimitGen.Schedules(RateLimitGen.Quotas(RateLimitGen.Algorithms, RateLimitGen.Limits))
        from other in RateLimitGen.Quotas(RateLimitGen.Algorithms, RateLimitGen.Limits)
        let relimited = schedule.Quota with { Limit = other.Limit, ColdLimit = other.ColdLimit }
        from quota in Gen.OneOf(schedule.Quota, relimited, other)
        from cost in RateLimitGen.Costs(quota.Limit)
        select (schedule, quota, cost);

    private static Gen<long> ColdEnds { get; } = Gen.OneOf(
        Gen.OneOf(0, long.MaxValue, long.MinValue + 253_402_300_799_999), Gen.Long[0, 253_402_300_799_999]);

    private static void AcquireMany(Subject subject, int times, long startMs)
    {
        for (var i = 0; i < times; i++)
        {
            subject.Acquire(i % 4, startMs + (i * 20));
        }
    }
}
