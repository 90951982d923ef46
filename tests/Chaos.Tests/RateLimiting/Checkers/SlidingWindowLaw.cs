using Gatehouse.Chaos.Tests.Histories;

namespace Gatehouse.Chaos.Tests.RateLimiting.Checkers;

/// <summary>
/// No interval shorter than one window admits more than the limit; an admitted unit counts for one window at least and
/// for one window and a thirtieth at most.
/// </summary>
internal sealed class SlidingWindowLaw : ILimitLaw
{
    public override string ToString() => "sliding-window";

    public long? AdmittedMax(Limit limit, TimeSpan from, TimeSpan to) =>
        to - from < limit.Window - limit.ClockError ? limit.Units : null;

    public TimeSpan RemembersMax(Limit limit) => CountsForMax(limit) + limit.Span;

    public long WithheldMax(Limit limit, Fault fault) => 0;

    public long UsedMin(Limit limit, IReadOnlyList<LimitCall> admitted, LimitCall call) => admitted
        .TakeWhile(earlier => earlier.Start <= call.Start)
        .Where(earlier => earlier.End < call.Start && earlier.Start + limit.Window - limit.ClockError > call.End)
        .Sum(earlier => (long)earlier.Cost);

    public long UsedMax(Limit limit, IReadOnlyList<LimitCall> counted, LimitCall call, bool moved) => counted
        .TakeWhile(other => other.Start <= call.End)
        .Where(other => other != call
            && other.End + (moved ? RemembersMax(limit) : CountsForMax(limit)) >= call.Start)
        .Sum(other => (long)other.Cost);

    private static TimeSpan CountsForMax(Limit limit) => (limit.Window * 31 / 30) + limit.ClockError;
}
