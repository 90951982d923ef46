using Gatehouse.Chaos.Tests.Histories;

namespace Gatehouse.Chaos.Tests.RateLimiting.Checkers;

/// <summary>
/// In any interval of length t at most limit + limit x t / window. What was admitted is a debt that drains steadily.
/// </summary>
internal sealed class TokenBucketLaw : ILimitLaw
{
    // How long a store that did not answer is not asked again.
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    public override string ToString() => "token-bucket";

    public long? AdmittedMax(Limit limit, TimeSpan from, TimeSpan to) =>
        limit.Units + (long)Math.Floor(Drained(limit, to - from + limit.ClockError));

    // A debt that is too high or too low stays so until nothing is owed, and that may never be.
    public TimeSpan RemembersMax(Limit limit) => TimeSpan.FromDays(1000);

    // Units count as if they had come at the end of the span in which they were reserved, or of the thirtieth of the
    // window in which they were told; and a reduced limit drains at its own rate.
    public long WithheldMax(Limit limit, Fault fault) => RoundedUp(
        Drained(limit, fault.Moves ? limit.Span : fault.HandsOver ? limit.Window / 30 : TimeSpan.Zero)
        + (fault.HidesTheStore ? Drained(limit, fault.To - fault.From + limit.Span + RetryDelay) / 2 : 0));

    // The earlier they were admitted, the more has drained: the least is owed when each was admitted at its start.
    public long UsedMin(Limit limit, IReadOnlyList<LimitCall> admitted, LimitCall call) => Owed(
        limit,
        admitted.TakeWhile(earlier => earlier.Start <= call.Start)
            .Where(earlier => earlier.End < call.Start).Select(earlier => (earlier.Start, earlier.Cost)),
        call.End + limit.ClockError);

    // And the most when this call was decided at its start, and each other as late as it can have been before that.
    public long UsedMax(Limit limit, IReadOnlyList<LimitCall> counted, LimitCall call, bool moved) => Owed(
        limit,
        counted.TakeWhile(other => other.Start <= call.End)
            .Where(other => other != call)
            .Select(other => (At: other.End < call.Start ? other.End : call.Start, other.Cost))
            .OrderBy(other => other.At),
        call.Start - limit.ClockError);

    private static long Owed(Limit limit, IEnumerable<(TimeSpan At, int Cost)> admitted, TimeSpan now)
    {
        var (debt, since) = (0.0, TimeSpan.MinValue);
        foreach (var (at, cost) in admitted)
        {
            debt = since == TimeSpan.MinValue ? cost : Math.Max(0, debt - Drained(limit, at - since)) + cost;
            since = at;
        }

        return since == TimeSpan.MinValue || now <= since
            ? RoundedUp(debt)
            : RoundedUp(Math.Max(0, debt - Drained(limit, now - since)));
    }

    // A sum of doubles that should be a whole number may lie a hair above it.
    private static long RoundedUp(double units) => (long)Math.Ceiling(units - 1e-6);

    private static double Drained(Limit limit, TimeSpan time) => limit.Units * (time / limit.Window);
}
