namespace Gatehouse.Grains.Resilience;

/// <summary>How failures of one kind of store are told from its answers, and what they are called.</summary>
/// <param name="PoolExhausted">The reason of a call that found no place.</param>
/// <param name="CircuitOpen">The reason of a call that was not made because the circuit is open.</param>
/// <param name="Classify">What an exception says of the store; null: the call was at fault.</param>
/// <param name="IsUnknownAnswer">Of those that are null: whether it may be the store's fault all the same.</param>
internal sealed record FailureRules(
    string PoolExhausted, string CircuitOpen, Func<Exception, CallKind, StoreFailure?> Classify,
    Predicate<Exception> IsUnknownAnswer)
{
    public static FailureRules Redis { get; } =
        new(StoreGate.Reason, "circuit_open", StoreFailure.Of, StoreFailure.IsUnknownAnswer);
}
