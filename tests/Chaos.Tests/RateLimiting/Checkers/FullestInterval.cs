namespace Gatehouse.Chaos.Tests.RateLimiting.Checkers;

/// <summary>
/// The interval whose admissions are furthest above what it allows. A call lies certainly in an interval that holds its
/// start and its end, so every interval that matters starts with one call and ends with another.
/// </summary>
internal sealed record FullestInterval(TimeSpan From, TimeSpan To, long Admitted, long Allowed)
{
    public long Excess => Admitted - Allowed;

    /// <summary>Null when no interval is above what it allows.</summary>
    /// <param name="admitted">Calls that were certainly admitted, in the order of their start.</param>
    /// <param name="allowed">What may be admitted in an interval; null when nothing is promised of it or longer ones.</param>
    public static FullestInterval? AboveAllowed(
        IReadOnlyList<LimitCall> admitted, Func<TimeSpan, TimeSpan, long?> allowed)
    {
        var fullest = new FullestInterval(default, default, 0, 0);
        var byEnd = admitted.OrderBy(call => call.End).ToList();
        foreach (var from in admitted.Select(call => call.Start))
        {
            var units = 0L;
            foreach (var last in byEnd.Where(call => call.Start >= from))
            {
                units += last.Cost;
                if (allowed(from, last.End) is not { } max)
                {
                    break;
                }

                if (units - max > fullest.Excess)
                {
                    fullest = new FullestInterval(from, last.End, units, max);
                }
            }
        }

        return fullest.Excess > 0 ? fullest : null;
    }

    public override string ToString() =>
        $"{Admitted} units admitted in {(To - From).TotalSeconds:0.000} s, at most {Allowed} are allowed";
}
