using Gatehouse.Chaos.Tests.Histories;

namespace Gatehouse.Chaos.Tests.RateLimiting.Checkers;

/// <summary>
/// At most the limit in each window that is aligned to the Unix epoch, so up to twice the limit around a boundary.
/// </summary>
internal sealed class FixedWindowLaw : ILimitLaw
{
    // The history's clock and the region's are different ones: near a boundary it is not known which window it was.
    private static readonly TimeSpan Blur = TimeSpan.FromMilliseconds(250);

    public override string ToString() => "fixed-window";

    public long? AdmittedMax(Limit limit, TimeSpan from, TimeSpan to) =>
        WindowOf(limit, from - Blur) == WindowOf(limit, to + Blur) ? limit.Units
        : to - from < limit.Window - limit.ClockError ? 2 * limit.Units
        : null;

    public TimeSpan RemembersMax(Limit limit) => limit.Window + Blur;

    public long WithheldMax(Limit limit, Fault fault) => 0;

    public long UsedMin(Limit limit, IReadOnlyList<LimitCall> admitted, LimitCall call) => admitted
        .TakeWhile(earlier => earlier.Start <= call.Start)
        .Where(earlier => earlier.End < call.Start
            && WindowOf(limit, earlier.Start - Blur) == WindowOf(limit, call.End + Blur))
        .Sum(earlier => (long)earlier.Cost);

    public long UsedMax(Limit limit, IReadOnlyList<LimitCall> counted, LimitCall call, bool moved) => counted
        .TakeWhile(other => other.Start <= call.End)
        .Where(other => other != call && WindowOf(limit, other.End + Blur) >= WindowOf(limit, call.Start - Blur))
        .Sum(other => (long)other.Cost);

    private static long WindowOf(Limit limit, TimeSpan at) => at.Ticks / limit.Window.Ticks;
}
