using CsCheck;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.RateLimiting;

namespace Gatehouse.Grains.Tests.RateLimiting;

public class RateLimitConversionTests
{
    private const long Start = RateLimitGen.Epoch2024Ms;
    private const long Minute = 60_000;

    public static TheoryData<RateLimitAlgorithm, RateLimitAlgorithm, long> Changes { get; } = new(
        from before in Enum.GetValues<RateLimitAlgorithm>().Skip(1)
        from after in Enum.GetValues<RateLimitAlgorithm>().Skip(1)
        from windowMs in new[] { Minute, 1_000, 7_919, Quota.WindowMaxMs }
        select (before, after, windowMs));

    [Theory]
    [MemberData(nameof(Changes))]
    public void Acquire_AlgorithmOrWindowChanged_KeepsWhatWasUsed(
        RateLimitAlgorithm before, RateLimitAlgorithm after, long windowMs)
    {
        var subject = new Subject(new Quota(before, 100, 100, Minute, 0));
        subject.Acquire(60, Start + 12_345);

        subject.Quota = new Quota(after, 100, 100, windowMs, 0);

        Assert.True(subject.DrainedAtMs > Start + 12_345);
        Assert.False(subject.Try(41, Start + 12_345).Allowed);
        Assert.Equal(0, subject.Acquire(40, Start + 12_345).Remaining);
    }

    [Theory]
    [InlineData(RateLimitAlgorithm.SlidingWindow)]
    [InlineData(RateLimitAlgorithm.TokenBucket)]
    [InlineData(RateLimitAlgorithm.FixedWindow)]
    public void Acquire_LimitLoweredAndRaised_CountsOnWithTheSameUse(RateLimitAlgorithm algorithm)
    {
        var subject = new Subject(new Quota(algorithm, 100, 100, Minute, 0));
        subject.Acquire(80, Start);

        foreach (var (limit, remaining) in new[] { (50, 0), (100, 20), (200, 120), (80, 0), (81, 1) })
        {
            subject.Quota = subject.Quota with { Limit = limit, ColdLimit = limit };
            Assert.Equal(remaining, subject.Acquire(0, Start).Remaining);
        }
    }

    [Fact]
    public void Acquire_SlidingWindowShortened_KeepsEachBucketAtItsLatestPossibleTime()
    {
        var subject = new Subject(Sliding(Minute));
        subject.Acquire(10, Start);
        subject.Acquire(5, Start + 20_001);

        // The 5 lie in the bucket that ends at 21.999 s: of 30 buckets of 200 ms that one is the tenth before now.
        subject.Quota = Sliding(6_000);

        Assert.Equal(new Verdict(true, 100, 95, 4_200, 4_200, 0), subject.Acquire(0, Start + 23_800));
    }

    [Theory]
    [InlineData(7_999, 90)]
    [InlineData(8_000, 100)]
    public void Acquire_SlidingWindowShortened_CountsThePartialOldestBucketToo(long offsetMs, long remaining)
    {
        var subject = new Subject(Sliding(Minute));
        subject.Acquire(10, Start);

        // At the latest the use was at 1.999 s: in the new bucket 9, which counts until bucket 40 begins at 8 s.
        subject.Quota = Sliding(6_000);

        Assert.Equal(remaining, subject.Acquire(0, Start + offsetMs).Remaining);
    }

    [Fact]
    public void Acquire_SlidingWindowLengthened_CountsLongerFromTheLatestPossibleTime()
    {
        var subject = new Subject(Sliding(6_000));
        subject.Acquire(10, Start + 1_000);

        subject.Quota = Sliding(Minute);

        Assert.Equal(new Verdict(true, 100, 90, 61_000, 61_000, 0), subject.Acquire(0, Start + 1_000));
    }

    [Fact]
    public void Acquire_CurrentBucketRebucketed_IsNeverPlacedAfterNow()
    {
        var subject = new Subject(Sliding(Quota.WindowMaxMs));
        subject.Acquire(10, Start);

        subject.Quota = Sliding(1_000);

        // The old bucket lasts a day; dated to its end, the use would count for a day instead of for a second.
        Assert.InRange(subject.Acquire(0, Start).ResetAfterMs, 1_000, 1_034);
    }

    [Fact]
    public void Acquire_TokenBucketIdleBeforeTheChange_DrainsWithinItsOldWindow()
    {
        var subject = new Subject(new Quota(RateLimitAlgorithm.TokenBucket, 100, 100, Minute, 0));
        subject.Acquire(60, Start);

        subject.Quota = new Quota(RateLimitAlgorithm.TokenBucket, 100, 100, 60 * Minute, 0);

        Assert.Equal(70, subject.Try(0, Start + (Minute / 2)).Remaining);
        Assert.Equal(69, subject.Try(0, Start + (Minute / 2) - 1).Remaining);
        Assert.Equal(100, subject.Try(0, Start + Minute).Remaining);
    }

    [Fact]
    public void Acquire_AnyChangesAtOneInstant_AdmitNoMoreThanOneLimitInTotal() => Gen
        .Select(
            RateLimitGen.SmallLimits,
            Gen.Long[0, 1_000_000],
            Gen.Select(RateLimitGen.Algorithms, RateLimitGen.Windows, Gen.Long[0, 10]).Array[1, 12])
        .Sample(
            (limit, offsetMs, changes) =>
            {
                var (subject, admitted) = (new Subject(default), 0L);
                foreach (var (algorithm, windowMs, cost) in changes)
                {
                    subject.Quota = new Quota(algorithm, limit, limit, windowMs, 0);
                    admitted += subject.Acquire(cost, Start + offsetMs).Allowed ? cost : 0;
                    Assert.Equal(limit - admitted, subject.Acquire(0, Start + offsetMs).Remaining);
                }
            },
            iter: Tries.Of(3_000));

    // A shorter sliding window may forget use that is older than itself; every other change keeps all of it.
    [Fact]
    public void Acquire_ChangeAfterAnyHistory_NeverFreesWhatTheNewWindowHolds() => Gen
        .Select(
            RateLimitGen.Schedules(RateLimitGen.Quotas(RateLimitGen.Algorithms, RateLimitGen.SmallLimits)),
            RateLimitGen.Algorithms,
            RateLimitGen.Windows)
        .Where((schedule, algorithm, windowMs) =>
            schedule.Quota.Algorithm != RateLimitAlgorithm.SlidingWindow
            || algorithm != RateLimitAlgorithm.SlidingWindow
            || windowMs >= schedule.Quota.WindowMs * 31 / 30)
        .Sample(
            (schedule, algorithm, windowMs) =>
            {
                var subject = Subject.After(schedule, out var nowMs);
                var before = subject.Acquire(0, nowMs);

                subject.Quota = schedule.Quota with { Algorithm = algorithm, WindowMs = windowMs };

                Assert.True(subject.Acquire(0, nowMs).Remaining <= before.Remaining);
            },
            iter: Tries.Of(3_000));

    private static Quota Sliding(long windowMs) => new(RateLimitAlgorithm.SlidingWindow, 100, 100, windowMs, 0);
}
