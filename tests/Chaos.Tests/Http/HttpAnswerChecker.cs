using Gatehouse.Chaos.Tests.Histories;

namespace Gatehouse.Chaos.Tests.Http;

/// <summary>
/// Every answer is one that the OpenAPI document names, and every error a problem with a code; a 429 says when to come
/// again. None is lost or overloaded but for a fault that explains it, until the service has recovered.
/// </summary>
/// <param name="documented">The statuses of each route.</param>
/// <param name="recovery">Beyond the fault's own: subjects, chains and keys are opened again one after the other.</param>
internal sealed class HttpAnswerChecker(IReadOnlyDictionary<string, IReadOnlySet<int>> documented, TimeSpan recovery)
    : IHistoryChecker<HttpCall>
{
    public IEnumerable<Violation> Check(History<HttpCall> history) =>
        from call in history.Operations
        let fault = FaultOf(call, history)
        where fault is not null
        select new Violation(fault, $"{call}", call.Start, call.End);

    private string? FaultOf(HttpCall call, History<HttpCall> history) => call switch
    {
        { Status: null } or { IsOverloaded: true } when !IsRecovering(call, history) => "answered, unless a fault explains it",
        { Status: null } => null,
        { Status: { } status } when !documented.TryGetValue(call.Route, out var all) || !all.Contains(status) =>
            "documented answers",
        { Status: >= 500 } when !IsRecovering(call, history) => "no server error",
        { Status: >= 400, IsProblem: false } => "errors are problems",
        { Status: 429, RetryAfter: null or < 1 } => "a refusal says when to come again",
        { IsOverloaded: true, Applied: not ("yes" or "no" or "unknown") } => "an overloaded service says what was done",
        _ => null,
    };

    private bool IsRecovering(HttpCall call, History<HttpCall> history) => history.Faults.Any(fault =>
        fault.IsOf(call.Region) && fault.From <= call.End && fault.To + fault.RecoveryMax + recovery >= call.Start);
}
