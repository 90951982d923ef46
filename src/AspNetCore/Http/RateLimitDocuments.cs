namespace Gatehouse.AspNetCore.Http;

/// <summary>A check as it is sent.</summary>
internal sealed record CheckDocument(string? Ip, string? Subject, long Cost);

/// <summary>A decision as it is answered, admitted or refused.</summary>
internal sealed record DecisionDocument
{
    public required bool Allowed { get; init; }

    public required string Reason { get; init; }

    public required long Limit { get; init; }

    public required long EffectiveLimit { get; init; }

    public required long Remaining { get; init; }

    public required long ResetAfterMs { get; init; }

    public long? RetryAfterMs { get; init; }

    public required bool Cold { get; init; }

    public required bool Degraded { get; init; }

    public required string Policy { get; init; }
}
