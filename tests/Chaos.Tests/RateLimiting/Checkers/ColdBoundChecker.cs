using Gatehouse.Chaos.Tests.Histories;

namespace Gatehouse.Chaos.Tests.RateLimiting.Checkers;

/// <summary>A region that is certainly young admits by the reduced limit, whoever attacks it, and every answer says so.</summary>
/// <param name="from">From when on it is young for certain.</param>
/// <param name="to">Until when.</param>
/// <param name="factor">The part of a limit that holds meanwhile.</param>
internal sealed class ColdBoundChecker(TimeSpan from, TimeSpan to, double factor) : IHistoryChecker<LimitCall>
{
    public IEnumerable<Violation> Check(History<LimitCall> history) => SubjectHistory.Of(history).SelectMany(Check);

    private IEnumerable<Violation> Check(SubjectHistory subject)
    {
        var cold = subject.Limit with { Units = Math.Max(1, (int)(subject.Limit.Units * factor)) };
        var fullest = FullestInterval.AboveAllowed(
            [.. subject.Admitted.Where(IsWhileYoung)], (start, end) => cold.Law.AdmittedMax(cold, start, end));
        if (fullest is not null)
        {
            yield return new Violation("cold bound", $"{subject}: {fullest}", fullest.From, fullest.To);
        }

        foreach (var call in subject.Calls.Where(call => IsWhileYoung(call)
            && call is { Outcome: CallOutcome.Admitted or CallOutcome.Refused }
            && (call.Answer is not { Cold: true } || call.Answer.EffectiveLimit != cold.Units)))
        {
            yield return new Violation("a young region says so", $"{call}", call.Start, call.End);
        }
    }

    private bool IsWhileYoung(LimitCall call) => call.Start >= from && call.End <= to;
}
