using Gatehouse.Chaos.Tests.Histories;

namespace Gatehouse.Chaos.Tests.RateLimiting.Checkers;

internal enum CallOutcome
{
    None = 0,

    /// <summary>200: it was counted.</summary>
    Admitted,

    /// <summary>429, because of the limit: it was not counted.</summary>
    Refused,

    /// <summary>429, because of the service.</summary>
    Overloaded,

    /// <summary>No answer: the client gave up, or the connection broke.</summary>
    Unknown,

    /// <summary>An answer that the contract does not know, such as a 500.</summary>
    Broken,
}

/// <summary>One call and its answer, as its client saw them.</summary>
internal sealed record LimitCall : IOperation
{
    public required Limit Limit { get; init; }

    public required string Subject { get; init; }

    public string Region { get; init; } = "local";

    public required int Cost { get; init; }

    public required TimeSpan Start { get; init; }

    public required TimeSpan End { get; init; }

    public required CallOutcome Outcome { get; init; }

    /// <summary>What the answer says; null when there was none.</summary>
    public LimitAnswer? Answer { get; init; }

    /// <summary>A limiter may have counted it, and a correct one may not have forgotten it.</summary>
    public bool MayCount => Outcome is CallOutcome.Admitted or CallOutcome.Unknown or CallOutcome.Broken
        || (Outcome is CallOutcome.Overloaded && Answer is not { IsNotApplied: true });

    public override string ToString() =>
        $"{Region}/{Limit.Policy}/{Subject} cost {Cost} {Outcome} {Answer} ({(End - Start).TotalMilliseconds:0.0} ms)";
}

/// <summary>The parts of an answer that promises are made of.</summary>
internal sealed record LimitAnswer(int Status)
{
    public string? Code { get; init; }

    public int EffectiveLimit { get; init; }

    public int Remaining { get; init; }

    public bool Cold { get; init; }

    public bool Degraded { get; init; }

    /// <summary>An overloaded service says that the call was certainly not counted.</summary>
    public bool IsNotApplied { get; init; }

    /// <summary>What has to be repeated to find the cause of an answer that should not be.</summary>
    public string? Detail { get; init; }

    public override string ToString() => $"{Status} {Code} {(Cold ? "cold " : "")}{(Degraded ? "degraded " : "")}" +
        $"limit {EffectiveLimit}, remaining {Remaining} {Detail}";
}
