using Gatehouse.Chaos.Tests.Histories;

namespace Gatehouse.Chaos.Tests.RateLimiting.Checkers;

/// <summary>
/// All regions together admit at most the global limit, and what the other regions admit before one can know of it:
/// for each of them, the most that one region admits in that time.
/// </summary>
/// <param name="unseenRegions">How many regions one may not know enough of: all others, or none where none can be over.</param>
internal sealed class GlobalBoundChecker(int unseenRegions) : IHistoryChecker<LimitCall>
{
    // Whatever the algorithm of the policy.
    private static readonly SlidingWindowLaw Window = new();

    public IEnumerable<Violation> Check(History<LimitCall> history) =>
        from subject in SubjectHistory.AcrossRegions(history)
        where subject.Limit.GlobalUnits is not null
        let limit = subject.Limit with { Units = subject.Limit.GlobalUnits!.Value }
        let unseen = unseenRegions * UnseenMax(subject)
        let fullest = FullestInterval.AboveAllowed(subject.Admitted, (start, end) =>
            Window.AdmittedMax(limit, start, end) + unseen + subject.OverMax(start, end) + CutOffOver(subject, start, end))
        where fullest is not null
        select new Violation("global bound", $"{subject}: {fullest}", fullest.From, fullest.To);

    /// <summary>The others leave a region that tells nothing its free share, and it uses its fair one.</summary>
    private static long CutOffOver(SubjectHistory subject, TimeSpan from, TimeSpan to) =>
        subject.FaultsIn(from, to).Count(fault => fault.CutsOff) * (subject.Limit.CutOffShare - subject.Limit.FreeShare);

    /// <summary>The most that one region may have admitted while no other knew.</summary>
    internal static long UnseenMax(SubjectHistory subject) => subject.Counted
        .GroupBy(call => call.Region)
        .SelectMany(region => region, (region, last) => region
            .Where(call => call.End >= last.End - subject.Limit.KnowledgeAgeMax && call.Start <= last.End)
            .Sum(call => (long)call.Cost))
        .DefaultIfEmpty().Max();
}
