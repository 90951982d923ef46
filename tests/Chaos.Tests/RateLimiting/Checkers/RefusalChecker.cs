using Gatehouse.Chaos.Tests.Histories;

namespace Gatehouse.Chaos.Tests.RateLimiting.Checkers;

/// <summary>
/// Every 429 of the limit is justified: all that may have counted when it was decided left no room for it. A degraded
/// answer has its own checker: it says itself that it knows less than this history does.
/// </summary>
internal sealed class RefusalChecker : IHistoryChecker<LimitCall>
{
    // A host repeats a refusal by the global limit for so long, without asking again.
    private static readonly TimeSpan RepeatedMax = TimeSpan.FromMilliseconds(250);
    private static readonly SlidingWindowLaw Window = new();

    public IEnumerable<Violation> Check(History<LimitCall> history)
    {
        var subjects = SubjectHistory.Of(history).ToList();
        var regions = subjects.ToLookup(subject => (subject.Limit.Policy, subject.Calls[0].Subject));
        return from subject in subjects
               from call in subject.Calls
               where call is { Outcome: CallOutcome.Refused, Answer.Degraded: false }
               let used = subject.UsedMax(call)
               where used + call.Cost <= call.Answer!.EffectiveLimit
               where !IsSpentGlobally([.. regions[(call.Limit.Policy, call.Subject)]], call)
               select new Violation("justified refusal",
                   $"{call}: at most {used} units (with {subject.UnderMax(call)} for faults) counted", call.Start, call.End);
    }

    private static bool IsSpentGlobally(IReadOnlyList<SubjectHistory> regions, LimitCall call)
    {
        if (call.Limit is not { GlobalUnits: { } units } limit)
        {
            return false;
        }

        // What a region knows of the others may be old: calls count longer, by that age.
        var seen = call with { Start = call.Start - limit.KnowledgeAgeMax - RepeatedMax };
        var used = regions.Sum(region => region.Region == call.Region
            ? UsedMax(region, call)
            : Math.Max(UsedMax(region, seen), SilentShare(region, seen)));
        var unheard = Math.Max(0, limit.Regions - 1 - regions.Count(region => region.Region != call.Region));
        return used + (unheard * limit.FreeShare) + call.Cost > units;
    }

    private static long UsedMax(SubjectHistory region, LimitCall call) =>
        Window.UsedMax(region.Limit, region.Counted, call, moved: true) + region.UnderMax(call);

    /// <summary>What the others leave a region whether it uses it or not.</summary>
    private static long SilentShare(SubjectHistory region, LimitCall call) =>
        region.FaultsIn(call.Start - Window.RemembersMax(region.Limit), call.End).Any(fault => fault.CutsOff)
            ? region.Limit.CutOffShare
            : region.Limit.FreeShare;
}
