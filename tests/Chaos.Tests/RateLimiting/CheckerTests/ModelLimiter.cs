using Gatehouse.Chaos.Tests.RateLimiting.Checkers;

namespace Gatehouse.Chaos.Tests.RateLimiting.CheckerTests;

/// <summary>
/// The shortest correct limiter for one subject: a list of what was admitted, and how each law forgets. Slow, plain,
/// and without a line of the product.
/// </summary>
internal sealed class ModelLimiter(Limit limit)
{
    private readonly List<Unit> _units = [];
    private double _debt;
    private TimeSpan _drainedAt;

    private readonly record struct Unit(TimeSpan ForgottenAt);

    public (bool IsAdmitted, int Remaining) Acquire(int cost, TimeSpan now)
    {
        var used = UsedAt(now);
        if (used + cost > limit.Units)
        {
            return (false, (int)Math.Max(0, limit.Units - used));
        }

        Add(cost, now);
        return (true, (int)(limit.Units - used - cost));
    }

    /// <summary>
    /// Its memory is gone, and the successor reads what was reserved: it may miss a reservation that was on its way,
    /// and counts reserved units that were never used as spent at the end of their span.
    /// </summary>
    public void Crash(TimeSpan now, int missed, int reserved)
    {
        UsedAt(now);
        _units.RemoveRange(Math.Max(0, _units.Count - missed), Math.Min(missed, _units.Count));
        _debt = Math.Max(0, _debt - missed);
        Add(reserved, limit.Law is SlidingWindowLaw ? EndOf(now, limit.Span) : now);
    }

    private void Add(int units, TimeSpan at)
    {
        var forgottenAt = limit.Law is FixedWindowLaw ? EndOf(at, limit.Window) : EndOf(at, limit.Window / 30) + limit.Window;
        _units.AddRange(Enumerable.Repeat(new Unit(forgottenAt), units));
        _debt += units;
    }

    private long UsedAt(TimeSpan now)
    {
        _units.RemoveAll(unit => unit.ForgottenAt <= now);
        _debt = Math.Max(0, _debt - (limit.Units * ((now - _drainedAt) / limit.Window)));
        _drainedAt = now;
        return limit.Law is TokenBucketLaw ? (long)Math.Ceiling(_debt - 1e-6) : _units.Count;
    }

    private static TimeSpan EndOf(TimeSpan at, TimeSpan period) => ((at.Ticks / period.Ticks) + 1) * period;
}
