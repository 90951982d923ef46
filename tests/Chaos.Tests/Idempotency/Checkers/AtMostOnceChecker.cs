using Gatehouse.Chaos.Tests.Histories;

namespace Gatehouse.Chaos.Tests.Idempotency.Checkers;

/// <summary>
/// Of all requests with one key at most one has its effect, whatever was killed; every repetition gets its answer, and a
/// request that is another one gets nothing. For claims with the policy <c>hold</c>.
/// </summary>
internal sealed class AtMostOnceChecker(IEnumerable<Effect> effects) : IHistoryChecker<IdempotencyCall>
{
    private readonly ILookup<string, Effect> _effects = effects.ToLookup(effect => effect.Key);

    public IEnumerable<Violation> Check(History<IdempotencyCall> history) =>
        from calls in history.Operations.GroupBy(call => call.Key)
        from violation in Twice(calls.Key).Concat(Claimed([.. calls])).Concat(Replayed([.. calls])).Concat(Kept([.. calls]))
        select violation;

    private IEnumerable<Violation> Twice(string key) => _effects[key].Count() > 1
        ? [new Violation("at most one effect", string.Join(", ", _effects[key]),
            _effects[key].Min(effect => effect.At), _effects[key].Max(effect => effect.At))]
        : [];

    /// <summary>A second one is told to start only where the first may have given the key back.</summary>
    private static IEnumerable<Violation> Claimed(IReadOnlyList<IdempotencyCall> calls)
    {
        var started = calls.Where(call => call.Outcome is IdempotencyOutcome.Started)
            .DistinctBy(call => call.Caller).ToList();
        var givenBack = calls.Where(call => call.Step is IdempotencyStep.Release
            && call.Outcome is not (IdempotencyOutcome.NotApplied or IdempotencyOutcome.Stale)).DistinctBy(call => call.Caller);
        return started.Count > 1 + givenBack.Count()
            ? [Of(started[^1], "one owner at a time", $"{string.Join("; ", started)}")] : [];
    }

    private IEnumerable<Violation> Replayed(IReadOnlyList<IdempotencyCall> calls) =>
        from call in calls
        where call.Outcome is IdempotencyOutcome.Replayed
        let effect = _effects[call.Key].FirstOrDefault()
        where effect is null || effect.Body != call.Body || effect.Fingerprint != call.Fingerprint || effect.At > call.End
        select Of(call, "equal replays", $"{call}: the effect was {effect}");

    /// <summary>What was acknowledged as done is known from then on.</summary>
    private static IEnumerable<Violation> Kept(IReadOnlyList<IdempotencyCall> calls) =>
        calls.FirstOrDefault(call => call.Outcome is IdempotencyOutcome.Completed) is { } completed
            ? from call in calls
              where call.Step is IdempotencyStep.Begin && call.Start > completed.End
              where call.Outcome is IdempotencyOutcome.Started or IdempotencyOutcome.InProgress or IdempotencyOutcome.Held
                  || (call.Outcome is IdempotencyOutcome.Mismatch && call.Fingerprint == completed.Fingerprint)
              select Of(call, "done is known", $"{call}, after {completed}")
            : [];

    private static Violation Of(IdempotencyCall call, string promise, string text) => new(promise, text, call.Start, call.End);
}
