using Gatehouse.Chaos.Tests.Histories;

namespace Gatehouse.Chaos.Tests.RateLimiting.Checkers;

/// <summary>
/// Every 429 of the limit is justified: all that may have counted when it was decided left no room for it. A degraded
/// answer has its own checker: it says itself that it knows less than this history does.
/// </summary>
internal sealed class RefusalChecker : IHistoryChecker<LimitCall>
{
    public IEnumerable<Violation> Check(History<LimitCall> history)
    {
        var world = SubjectHistory.AcrossRegions(history)
            .Where(subject => subject.Limit.GlobalUnits is not null)
            .ToDictionary(subject => (subject.Limit.Policy, subject.Calls[0].Subject));
        return from subject in SubjectHistory.Of(history)
               from call in subject.Calls
               where call is { Outcome: CallOutcome.Refused, Answer.Degraded: false }
               let used = subject.UsedMax(call)
               where used + call.Cost <= call.Answer!.EffectiveLimit
               where !IsSpentGlobally(world.GetValueOrDefault((call.Limit.Policy, call.Subject)), call)
               select new Violation("justified refusal",
                   $"{call}: at most {used} units (with {subject.UnderMax(call)} for faults) counted", call.Start, call.End);
    }

    private static bool IsSpentGlobally(SubjectHistory? world, LimitCall call)
    {
        if (world is not { Limit: { GlobalUnits: { } units } limit })
        {
            return false;
        }

        // What a region knows of the others may be old: calls count longer, by that age.
        var seen = call with { Start = call.Start - limit.KnowledgeAgeMax };
        return limit.Law.UsedMax(limit, world.Counted, seen, moved: true) + world.UnderMax(call) + call.Cost > units;
    }
}
