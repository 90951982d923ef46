using CsCheck;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.RateLimiting;

namespace Gatehouse.Grains.Tests.RateLimiting;

public class FixedWindowTests
{
    private const long Start = 1_704_067_200_000;
    private const long Minute = 60_000;

    [Theory]
    [InlineData(0, 60_000)]
    [InlineData(59_999, 1)]
    [InlineData(60_000, 60_000)]
    public void Acquire_LimitUsed_WaitsForTheNextAlignedWindow(long offsetMs, long waitMs)
    {
        var subject = new Subject(Quota(10));

        Assert.Equal(new Verdict(true, 10, 0, waitMs, waitMs, 0), subject.Acquire(10, Start + offsetMs));
        Assert.Equal(new Verdict(false, 10, 0, waitMs, waitMs, waitMs), subject.Acquire(1, Start + offsetMs));
        Assert.Equal(Verdict.Never, subject.Acquire(11, Start + offsetMs).RetryAfterMs);
    }

    [Theory]
    [InlineData(1, 20_000)]
    [InlineData(5, 20_000)]
    [InlineData(6, 60_000)]
    [InlineData(10, 60_000)]
    public void Acquire_ColdEndsInThisWindow_RetryIsTheColdEndWhenTheFullLimitHasRoom(long cost, long retryAfterMs)
    {
        var subject = new Subject(new Quota(RateLimitAlgorithm.FixedWindow, 10, 5, Minute, Start + 20_000));
        subject.Acquire(5, Start);

        Assert.Equal(retryAfterMs, subject.Acquire(cost, Start).RetryAfterMs);
    }

    [Fact]
    public void Refund_InTheNextWindow_GivesNothingBack()
    {
        var subject = new Subject(Quota(10));
        subject.Acquire(4, Start);
        subject.Acquire(3, Start + Minute);

        subject.Refund(1, Start + Minute);
        Assert.Equal(8, subject.Acquire(0, Start + Minute).Remaining);

        subject.Refund(9, Start + Minute);
        Assert.Equal(10, subject.Acquire(0, Start + Minute).Remaining);
    }

    [Fact]
    public void Acquire_AnySchedule_NoAlignedWindowAdmitsMoreThanTheLimit() =>
        RateLimitGen.Schedules(RateLimitAlgorithm.FixedWindow).Sample(
            schedule =>
            {
                var (quota, nowMs) = (schedule.Quota, schedule.StartMs);
                var subject = new Subject(quota);
                var log = new Dictionary<long, long>();
                foreach (var step in schedule.Steps)
                {
                    nowMs += step.GapMs;
                    var used = log.GetValueOrDefault(nowMs / quota.WindowMs);
                    var allowed = used + Math.Max(1, step.Cost) <= quota.EffectiveLimit(nowMs);

                    Assert.Equal(allowed, subject.Acquire(step.Cost, nowMs).Allowed);
                    subject.Refund(step.Refund, nowMs);
                    log[nowMs / quota.WindowMs] = Math.Max(0, used + (allowed ? step.Cost : 0) - step.Refund);
                }
            },
            iter: Tries.Of(1_000));

    private static Quota Quota(long limit) => new(RateLimitAlgorithm.FixedWindow, limit, limit, Minute, 0);
}
