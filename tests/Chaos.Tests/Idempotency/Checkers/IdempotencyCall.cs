using Gatehouse.Chaos.Tests.Histories;

namespace Gatehouse.Chaos.Tests.Idempotency.Checkers;

internal enum IdempotencyOutcome
{
    None = 0,

    /// <summary>To begin: do it.</summary>
    Started,

    /// <summary>To begin: it was done, this was its answer.</summary>
    Replayed,

    /// <summary>To begin: somebody is doing it.</summary>
    InProgress,

    /// <summary>To begin: it was begun, and nobody knows how it ended.</summary>
    Held,

    /// <summary>To begin: the key stands for another request.</summary>
    Mismatch,

    /// <summary>To complete: it is recorded.</summary>
    Completed,

    /// <summary>To release: the key is free.</summary>
    Released,

    /// <summary>To complete and release: the claim is not the caller's any more.</summary>
    Stale,

    /// <summary>Nothing was done.</summary>
    NotApplied,

    /// <summary>Nobody knows.</summary>
    Unknown,
}

/// <summary>What a step of a claim is.</summary>
internal enum IdempotencyStep
{
    None = 0,
    Begin,
    Complete,
    Release,
}

/// <summary>One step of one request with a key.</summary>
internal sealed record IdempotencyCall(string Key, string Caller, string Fingerprint, IdempotencyStep Step) : IOperation
{
    public required TimeSpan Start { get; init; }

    public required TimeSpan End { get; init; }

    public required IdempotencyOutcome Outcome { get; init; }

    /// <summary>Started only.</summary>
    public long Epoch { get; init; }

    /// <summary>Replayed only: the answer.</summary>
    public string? Body { get; init; }

    public override string ToString() => $"{Key} {Caller} ({Fingerprint}) {Step}: {Outcome} {Epoch} {Body}";
}

/// <summary>What must not happen twice: written down by who did it, outside of the service.</summary>
internal sealed record Effect(string Key, string Caller, string Fingerprint, TimeSpan At)
{
    /// <summary>Its answer; no two effects have the same.</summary>
    public string Body => $"{Key}/{Caller}";
}
