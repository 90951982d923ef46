using Gatehouse.Grains.RateLimiting;

namespace Gatehouse.Grains.Tests.RateLimiting;

/// <summary>One counted subject: keeps the state between calls.</summary>
internal sealed class Subject(Quota quota)
{
    public Quota Quota { get; set; } = quota;

    public RateLimitState State { get; private set; }

    public long DrainedAtMs => RateLimiter.DrainedAtMs(State, Quota);

    public static Subject After(Schedule schedule, out long nowMs)
    {
        var subject = new Subject(schedule.Quota);
        nowMs = schedule.StartMs;
        foreach (var step in schedule.Steps)
        {
            nowMs += step.GapMs;
            subject.Acquire(step.Cost, nowMs);
            subject.Refund(step.Refund, nowMs);
        }

        return subject;
    }

    public Verdict Acquire(long cost, long nowMs)
    {
        (State, var verdict) = RateLimiter.Acquire(State, Quota, cost, nowMs);
        return verdict;
    }

    public int AcquireOneEach(int requests, long nowMs) =>
        Enumerable.Range(0, requests).Count(_ => Acquire(1, nowMs).Allowed);

    // Asks without keeping the answer's state.
    public Verdict Try(long cost, long nowMs) => RateLimiter.Acquire(State, Quota, cost, nowMs).Verdict;

    public void Refund(long amount, long nowMs) => State = RateLimiter.Refund(State, Quota, amount, nowMs);
}
