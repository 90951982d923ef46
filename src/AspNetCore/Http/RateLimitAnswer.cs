namespace Gatehouse.AspNetCore.Http;

/// <summary>What a check of a rate limit said.</summary>
public sealed record RateLimitAnswer
{
    /// <summary>Whether the caller may go on. Of a policy in shadow mode always true.</summary>
    public required bool Allowed { get; init; }

    /// <summary>
    /// <c>within_limit</c>, <c>over_limit</c>, <c>over_global_limit</c>, <c>cost_exceeds_limit</c>, <c>allow_listed</c>
    /// or <c>deny_listed</c>.
    /// </summary>
    public required string Reason { get; init; }

    /// <summary>The policy's name.</summary>
    public required string Policy { get; init; }

    /// <summary>The policy's limit, or the override's, in units per window.</summary>
    public required long Limit { get; init; }

    /// <summary>The limit that holds now: lower in a young region.</summary>
    public required long EffectiveLimit { get; init; }

    /// <summary>Units left now.</summary>
    public required long Remaining { get; init; }

    /// <summary>How long until the quota is complete again.</summary>
    public required TimeSpan ResetAfter { get; init; }

    /// <summary>
    /// After how long the same call is admitted, with no other traffic: zero when allowed, null when it never can be.
    /// </summary>
    public required TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether the region is young, so that a lower limit holds.</summary>
    public required bool Cold { get; init; }

    /// <summary>Whether the subject's own history could not be used.</summary>
    public required bool Degraded { get; init; }

    /// <summary>
    /// The code of a refusal: <c>rate_limited</c>, <c>cost_exceeds_limit</c> or <c>deny_listed</c>. Null: allowed.
    /// </summary>
    public string? Code { get; init; }

    /// <summary>The header <c>RateLimit</c>, to be passed on.</summary>
    public required string RateLimitHeader { get; init; }

    /// <summary>The header <c>RateLimit-Policy</c>, to be passed on.</summary>
    public required string RateLimitPolicyHeader { get; init; }

    /// <summary>The type of the problem, of a refusal.</summary>
    internal string? ProblemType { get; init; }

    /// <summary>The refusal in words.</summary>
    internal string? Detail { get; init; }
}
