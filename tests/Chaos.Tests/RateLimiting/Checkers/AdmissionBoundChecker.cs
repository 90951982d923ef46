using Gatehouse.Chaos.Tests.Histories;

namespace Gatehouse.Chaos.Tests.RateLimiting.Checkers;

/// <summary>
/// In no interval were more units certainly admitted than the limit and the faults in it allow. Calls without an answer
/// count for nothing here. One violation a subject: it shows in many intervals, and the report needs the worst.
/// </summary>
internal sealed class AdmissionBoundChecker : IHistoryChecker<LimitCall>
{
    public IEnumerable<Violation> Check(History<LimitCall> history) =>
        from subject in SubjectHistory.Of(history)
        let fullest = FullestInterval.AboveAllowed(subject.Admitted, (start, end) =>
            subject.Limit.Law.AdmittedMax(subject.Limit, start, end) + subject.OverMax(start, end))
        where fullest is not null
        select new Violation("admission bound", $"{subject}: {fullest}", fullest.From, fullest.To);
}
