using Gatehouse.Chaos.Tests.Histories;

namespace Gatehouse.Chaos.Tests.RateLimiting.Checkers;

/// <summary>
/// No answer that the contract does not know, above all no 500; and none that is worse than the faults explain:
/// overloaded, or lost, only until the service has recovered, degraded or cold only where the store was out of reach.
/// </summary>
internal sealed class AnswerChecker : IHistoryChecker<LimitCall>
{
    private static readonly SlidingWindowLaw Window = new();

    public IEnumerable<Violation> Check(History<LimitCall> history) =>
        from call in history.Operations
        let fault = FaultOf(call, history)
        where fault is not null
        select new Violation(fault, $"{call}", call.Start, call.End);

    private static string? FaultOf(LimitCall call, History<LimitCall> history) => call switch
    {
        { Outcome: CallOutcome.Broken or CallOutcome.None } => "known answers",
        { Outcome: CallOutcome.Overloaded or CallOutcome.Unknown } =>
            IsRecovering(call, FaultsOf(call, history)) ? null : "overloaded only until recovered",
        { Answer: { Degraded: true } or { Cold: true } } =>
            IsStoreHidden(call, FaultsOf(call, history)) ? null : "degraded or cold only without the store",
        { Answer.EffectiveLimit: var limit } when limit != call.Limit.Units => "full limit unless degraded or cold",
        _ => null,
    };

    private static IEnumerable<Fault> FaultsOf(LimitCall call, History<LimitCall> history) =>
        history.Faults.Where(fault => fault.IsOf(call.Region));

    private static bool IsRecovering(LimitCall call, IEnumerable<Fault> faults) =>
        faults.Any(fault => fault.From <= call.End && fault.To + fault.RecoveryMax >= call.Start);

    // An unknown history is cold for one window from when it was needed, whatever the algorithm.
    private static bool IsStoreHidden(LimitCall call, IEnumerable<Fault> faults) => faults.Any(fault =>
        (fault.HidesTheStore || fault.CutsOff) && fault.From <= call.End
        && fault.To + fault.RecoveryMax + Window.RemembersMax(call.Limit) >= call.Start);
}
