using Gatehouse.Chaos.Tests.Histories;

namespace Gatehouse.Chaos.Tests.RateLimiting.Checkers;

/// <summary>A region that is cut off from the global store keeps to its fair share as soon as it must have noticed.</summary>
internal sealed class CutOffBoundChecker : IHistoryChecker<LimitCall>
{
    private static readonly SlidingWindowLaw Window = new();

    public IEnumerable<Violation> Check(History<LimitCall> history) =>
        from subject in SubjectHistory.Of(history)
        where subject.Limit.GlobalUnits is not null
        from fault in history.Faults
        where fault.CutsOff && fault.IsOf(subject.Region)
        let limit = subject.Limit with { Units = (int)subject.Limit.CutOffShare }
        let fullest = FullestInterval.AboveAllowed(
            [.. subject.Admitted.Where(call =>
                call.Start >= fault.From + limit.KnowledgeAgeMax && call.End <= fault.To)],
            (start, end) => Window.AdmittedMax(limit, start, end))
        where fullest is not null
        select new Violation("cut-off bound", $"{subject}: {fullest}", fullest.From, fullest.To);
}
