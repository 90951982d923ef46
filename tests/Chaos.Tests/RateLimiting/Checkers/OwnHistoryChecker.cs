using Gatehouse.Chaos.Tests.Histories;

namespace Gatehouse.Chaos.Tests.RateLimiting.Checkers;

/// <summary>
/// What an admission says is left follows from the calls of the same subject and nobody else's. This finds amnesia and
/// leaks long before a limit is reached, so for the many quiet subjects too.
/// </summary>
internal sealed class OwnHistoryChecker : IHistoryChecker<LimitCall>
{
    public IEnumerable<Violation> Check(History<LimitCall> history) =>
        from subject in SubjectHistory.Of(history)
        from call in subject.Admitted
        where call.Answer is { Degraded: false, Cold: false }
        let most = subject.Limit.Units - subject.UsedMin(call) - call.Cost
        let least = subject.Limit.Units - subject.UsedMax(call) - call.Cost
        let remaining = call.Answer!.Remaining
        // The other regions' use may leave less: their calls are another check's.
        where remaining > Math.Max(0, most) || (remaining < least && subject.Limit.GlobalUnits is null)
        select new Violation("own history",
            $"{call}: its own calls leave {Math.Max(0, least)} to {Math.Max(0, most)}", call.Start, call.End);
}
