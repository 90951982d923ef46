using CsCheck;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.RateLimiting;

namespace Gatehouse.Grains.Tests.RateLimiting;

public class TokenBucketTests
{
    private const long Start = 1_704_067_200_123;
    private const long Minute = 60_000;

    [Fact]
    public void Acquire_BurstThenSteady_OneTokenComesBackEverySixSeconds()
    {
        var subject = new Subject(Quota(10));

        Assert.Equal(new Verdict(true, 10, 0, 6_000, 60_000, 0), subject.Acquire(10, Start));
        Assert.Equal(new Verdict(false, 10, 0, 1, 54_001, 1), subject.Acquire(1, Start + 5_999));
        Assert.Equal(new Verdict(true, 10, 0, 6_000, 60_000, 0), subject.Acquire(1, Start + 6_000));
        Assert.Equal(18_000, subject.Acquire(3, Start + 6_000).RetryAfterMs);
        Assert.Equal(Verdict.Never, subject.Acquire(11, Start + 6_000).RetryAfterMs);
    }

    [Fact]
    public void Acquire_LimitThatDoesNotDivideTheWindow_WaitsForTheNextWholeMillisecond()
    {
        var subject = new Subject(Quota(7));
        subject.Acquire(7, Start);

        // 60 000 / 7 = 8571.43 ms.
        Assert.Equal(8_572, subject.Acquire(1, Start).RetryAfterMs);
    }

    [Fact]
    public void Acquire_ColdEndsWhileWaiting_DrainsAtEachLimitForItsPart()
    {
        var subject = new Subject(new Quota(RateLimitAlgorithm.TokenBucket, 10, 1, Minute, Start + 6_000));
        subject.Acquire(1, Start);

        // Cold: 0.1 token drains in 6 s. Then the limit has room for 9 at once, and for 10 after 0.9 tokens more.
        Assert.Equal(6_000, subject.Acquire(9, Start).RetryAfterMs);
        Assert.Equal(6_000 + 5_400, subject.Acquire(10, Start).RetryAfterMs);
    }

    [Fact]
    public void Acquire_LimitLowered_BlocksForOneWindowAtMost()
    {
        var subject = new Subject(Quota(10_000));
        subject.Acquire(10_000, Start);

        subject.Quota = Quota(10);

        // The 9990 above the limit leave at 10 000 a minute (59.94 s), then one token at 10 a minute (6 s).
        Assert.Equal(59_940 + 6_000, subject.Acquire(1, Start).RetryAfterMs);
        subject.Quota = Quota(10_000);
        Assert.Equal(0, subject.Acquire(0, Start).Remaining);
    }

    [Fact]
    public void Refund_MoreThanIsOwed_StopsAtZero()
    {
        var subject = new Subject(Quota(10));
        subject.Acquire(4, Start);

        subject.Refund(5, Start + 1);

        Assert.Equal(new Verdict(true, 10, 10, 0, 0, 0), subject.Acquire(0, Start + 1));
    }

    [Fact]
    public void Acquire_AnySchedule_EveryIntervalKeepsTheBoundOfTheAlgorithm() =>
        RateLimitGen.Schedules(RateLimitAlgorithm.TokenBucket).Sample(
            schedule =>
            {
                var log = NetAdmissions(schedule);
                for (var from = 0; from < log.Count; from++)
                {
                    var net = 0L;
                    foreach (var (atMs, tokens) in log.Skip(from))
                    {
                        net += tokens;
                        var limit = (Int128)schedule.Quota.EffectiveLimit(atMs);
                        var refilled = limit * (atMs - log[from].AtMs) / schedule.Quota.WindowMs;
                        Assert.True(net <= limit + refilled, $"{net} from {log[from].AtMs} to {atMs}");
                    }
                }
            },
            iter: Tries.Of(2_000));

    // What is given back counts at the time it is given back: the bucket has drained since the admission.
    private static List<(long AtMs, long Tokens)> NetAdmissions(Schedule schedule)
    {
        var log = new List<(long, long)>();
        var (subject, nowMs) = (new Subject(schedule.Quota), schedule.StartMs);
        foreach (var step in schedule.Steps)
        {
            nowMs += step.GapMs;
            if (subject.Acquire(step.Cost, nowMs).Allowed && step.Cost > 0)
            {
                log.Add((nowMs, step.Cost));
            }

            var owed = TokenBucket.Used(subject.State);
            subject.Refund(step.Refund, nowMs);
            log.Add((nowMs, -Math.Min(owed, step.Refund)));
        }

        return log;
    }

    private static Quota Quota(long limit) => new(RateLimitAlgorithm.TokenBucket, limit, limit, Minute, 0);
}
