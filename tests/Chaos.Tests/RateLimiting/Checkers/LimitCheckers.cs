using Gatehouse.Chaos.Tests.Histories;

namespace Gatehouse.Chaos.Tests.RateLimiting.Checkers;

/// <summary>All that is promised of a limit, in one place.</summary>
internal static class LimitCheckers
{
    /// <summary>A grain call ends after 5 s, time-outs are looked for once a second, and a busy machine is late.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(8);

    /// <summary>For the calls of one region, or of several that limit each for itself.</summary>
    public static IReadOnlyList<IHistoryChecker<LimitCall>> Regional { get; } =
    [
        new AdmissionBoundChecker(),
        new RefusalChecker(),
        new OwnHistoryChecker(),
        new AnswerChecker(),
        new DeadlineChecker<LimitCall>(Deadline),
    ];

    /// <summary>For regions that share a limit.</summary>
    public static IReadOnlyList<IHistoryChecker<LimitCall>> Global(int unseenRegions) =>
        [.. Regional, new GlobalBoundChecker(unseenRegions), new CutOffBoundChecker()];

    public static IReadOnlyList<Violation> Check(
        this IEnumerable<IHistoryChecker<LimitCall>> checkers, History<LimitCall> history) =>
        [.. checkers.SelectMany(checker => checker.Check(history))];
}
