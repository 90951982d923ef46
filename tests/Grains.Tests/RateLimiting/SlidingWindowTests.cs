using CsCheck;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.RateLimiting;

namespace Gatehouse.Grains.Tests.RateLimiting;

public class SlidingWindowTests
{
    private const long Start = 1_704_067_200_000;
    private const long Minute = 60_000;

    [Theory]
    [InlineData(0, 62_000)]
    [InlineData(1, 61_999)]
    [InlineData(1_999, 60_001)]
    [InlineData(2_000, 62_000)]
    public void Acquire_LimitUsed_ComesBackWhenTheWholeSubBucketHasLeft(long offsetMs, long retryAfterMs)
    {
        var subject = new Subject(Quota(10));

        Assert.True(subject.Acquire(10, Start + offsetMs).Allowed);

        Assert.Equal(
            new Verdict(false, 10, 0, retryAfterMs, retryAfterMs, retryAfterMs),
            subject.Acquire(1, Start + offsetMs));
    }

    [Fact]
    public void Acquire_SpreadUse_RetryWaitsForExactlyTheBucketsTheCostNeeds()
    {
        var subject = new Subject(Quota(10));
        subject.Acquire(4, Start);
        subject.Acquire(6, Start + 20_000);

        Assert.Equal(new Verdict(false, 10, 0, 32_000, 52_000, 32_000), subject.Acquire(4, Start + 30_000));
        Assert.Equal(52_000, subject.Acquire(5, Start + 30_000).RetryAfterMs);
        Assert.Equal(Verdict.Never, subject.Acquire(11, Start + 30_000).RetryAfterMs);
    }

    [Fact]
    public void Acquire_WindowNotDivisibleBy30_BucketsStartAtTheNextWholeMillisecond()
    {
        // 1001 ms: bucket 1 starts at 33.37 ms, so its first whole millisecond is 34.
        Assert.Equal(0, SlidingWindow.BucketAt(33, 1_001));
        Assert.Equal(1, SlidingWindow.BucketAt(34, 1_001));
        Assert.Equal(34, SlidingWindow.StartOf(1, 1_001));
    }

    [Fact]
    public void BucketAt_AnyTimeAndWindow_IsTheExactFloorAndStartOfItsInverse() =>
        Gen.Select(RateLimitGen.Windows, Gen.OneOf(Gen.Long[0, 4_000_000_000_000], Gen.Long[0, long.MaxValue]))
            .Sample((windowMs, timeMs) =>
            {
                var bucket = SlidingWindow.BucketAt(timeMs, windowMs);
                var startMs = SlidingWindow.StartOf(bucket, windowMs);

                Assert.Equal((long)((Int128)timeMs * 30 / windowMs), bucket);
                Assert.True(startMs <= timeMs);
                Assert.Equal(bucket, SlidingWindow.BucketAt(startMs, windowMs));
                Assert.True(startMs == 0 || SlidingWindow.BucketAt(startMs - 1, windowMs) == bucket - 1);
            });

    [Fact]
    public void Refund_SomeUsed_TakesTheOldestFirst()
    {
        var subject = new Subject(Quota(10));
        subject.Acquire(5, Start);
        subject.Acquire(5, Start + 30_000);

        subject.Refund(5, Start + 30_000);

        // Nothing is left of the first bucket, so nothing comes back when it leaves.
        Assert.Equal(new Verdict(true, 10, 5, 62_000, 62_000, 0), subject.Acquire(0, Start + 30_000));
    }

    [Fact]
    public void Acquire_AnySchedule_NoIntervalOfOneWindowAdmitsMoreThanTheLimit() =>
        RateLimitGen.Schedules(RateLimitAlgorithm.SlidingWindow).Sample(
            schedule =>
            {
                var (quota, nowMs) = (schedule.Quota, schedule.StartMs);
                var subject = new Subject(quota);
                var log = new List<(long AtMs, long Tokens)>();
                foreach (var step in schedule.Steps)
                {
                    nowMs += step.GapMs;
                    if (subject.Acquire(step.Cost, nowMs).Allowed)
                    {
                        log.Add((nowMs, step.Cost));
                    }

                    // Both ends belong to the interval. One that ends in the cold period lies in it entirely.
                    var admitted = Within(log, nowMs - quota.WindowMs).Sum(e => e.Tokens);
                    Assert.True(admitted <= quota.EffectiveLimit(nowMs));
                    GiveBack(subject, log, step.Refund, nowMs);
                }
            },
            iter: Tries.Of(3_000));

    [Fact]
    public void Acquire_AnySchedule_CountsExactlyThe31NewestBuckets() =>
        RateLimitGen.Schedules(RateLimitAlgorithm.SlidingWindow).Sample(
            schedule =>
            {
                var (quota, nowMs) = (schedule.Quota, schedule.StartMs);
                var subject = new Subject(quota);
                var log = new List<(Int128 Bucket, long Tokens)>();
                foreach (var step in schedule.Steps)
                {
                    nowMs += step.GapMs;
                    var bucket = (Int128)nowMs * 30 / quota.WindowMs;
                    var used = log.Where(e => e.Bucket >= bucket - 30).Sum(e => e.Tokens);
                    var allowed = used + Math.Max(1, step.Cost) <= quota.EffectiveLimit(nowMs);

                    Assert.Equal(allowed, subject.Acquire(step.Cost, nowMs).Allowed);
                    log.Add((bucket, allowed ? step.Cost : 0));
                }
            },
            iter: Tries.Of(1_000));

    // Refunds an admission of the last window, the newest or the oldest: the limiter is not told which.
    private static void GiveBack(Subject subject, List<(long AtMs, long Tokens)> log, long refund, long nowMs)
    {
        var alive = Within(log, nowMs - subject.Quota.WindowMs).ToArray();
        if (refund == 0 || alive.Length == 0)
        {
            return;
        }

        var index = log.IndexOf(alive[refund % 2 == 0 ? 0 : ^1]);
        var tokens = Math.Min(refund, log[index].Tokens);
        subject.Refund(tokens, nowMs);
        log[index] = (log[index].AtMs, log[index].Tokens - tokens);
    }

    private static IEnumerable<(long AtMs, long Tokens)> Within(List<(long AtMs, long Tokens)> log, long fromMs) =>
        log.Where(e => e.AtMs >= fromMs);

    private static Quota Quota(long limit) => new(RateLimitAlgorithm.SlidingWindow, limit, limit, Minute, 0);
}
