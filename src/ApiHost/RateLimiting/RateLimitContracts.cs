using System.Text.Json.Serialization;
using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.Tenants;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.ApiHost.RateLimiting;

/// <summary>Whose counter: exactly one of <c>ip</c> and <c>subject</c>.</summary>
internal record SubjectRequest
{
    /// <summary>
    /// An IPv4 or IPv6 address. IPv4-mapped IPv6 counts as the IPv4 address; IPv6 counts by network, /64 by default.
    /// </summary>
    public string? Ip { get; set; }

    /// <summary>Any other name of the caller: 1 to 256 characters, no control characters.</summary>
    public string? Subject { get; set; }
}

/// <summary>One call to decide on.</summary>
internal sealed record CheckRequest : SubjectRequest
{
    /// <summary>Units the call takes. Default 1; 0 is a peek, which counts nothing; at most 1,000,000,000.</summary>
    public long Cost { get; set; } = 1;
}

/// <summary>Units to give back.</summary>
internal sealed record RefundRequest : SubjectRequest
{
    /// <summary>Units to give back. Default 1; 1 to 1,000,000,000. Never below zero in use.</summary>
    public long Cost { get; set; } = 1;
}

/// <summary>The answer to a check.</summary>
internal sealed record CheckResponse
{
    /// <summary>Whether the caller may go on.</summary>
    public required bool Allowed { get; init; }

    /// <summary>within_limit, over_limit, cost_exceeds_limit, allow_listed or deny_listed.</summary>
    public required string Reason { get; init; }

    /// <summary>The policy's limit, or the override's.</summary>
    public required long Limit { get; init; }

    /// <summary>The limit that holds now: lower in a young region.</summary>
    public required long EffectiveLimit { get; init; }

    /// <summary>Units left now.</summary>
    public required long Remaining { get; init; }

    /// <summary>Milliseconds until the quota is complete again.</summary>
    public required long ResetAfterMs { get; init; }

    /// <summary>
    /// Milliseconds after which the same call is admitted: 0 when allowed, null when it never can be.
    /// </summary>
    public required long? RetryAfterMs { get; init; }

    /// <summary>Whether the region is young and the cold factor applies.</summary>
    public required bool Cold { get; init; }

    /// <summary>Whether the subject's own history could not be used.</summary>
    public required bool Degraded { get; init; }

    /// <summary>The policy's name.</summary>
    public required string Policy { get; init; }
}

/// <summary>The 429 of a check: a problem with the members of <see cref="CheckResponse"/>.</summary>
internal sealed record CheckProblem : ProblemResponse
{
    /// <summary>Always false.</summary>
    public required bool Allowed { get; init; }

    /// <summary>over_limit, cost_exceeds_limit or deny_listed.</summary>
    public required string Reason { get; init; }

    /// <summary>The policy's limit, or the override's.</summary>
    public required long Limit { get; init; }

    /// <summary>The limit that holds now.</summary>
    public required long EffectiveLimit { get; init; }

    /// <summary>Units left now.</summary>
    public required long Remaining { get; init; }

    /// <summary>Milliseconds until the quota is complete again.</summary>
    public required long ResetAfterMs { get; init; }

    /// <summary>Milliseconds after which the same call is admitted; null when it never can be.</summary>
    public required long? RetryAfterMs { get; init; }

    /// <summary>Whether the region is young.</summary>
    public required bool Cold { get; init; }

    /// <summary>Whether the subject's own history could not be used.</summary>
    public required bool Degraded { get; init; }

    /// <summary>The policy's name.</summary>
    public required string Policy { get; init; }

    /// <summary>The policies that refused the call.</summary>
    [JsonPropertyName("violated-policies")]
    public required IReadOnlyList<string> ViolatedPolicies { get; init; }
}

/// <summary>A policy as it is read and written. What was read can be written back as it is.</summary>
internal sealed record PolicyDocument : RateLimitPolicy
{
    [JsonConstructor]
    public PolicyDocument()
    {
    }

    public PolicyDocument(string name, PolicyEntry entry)
        : base(entry.Policy) => (Name, Source) = (name, Sources.Tag(entry.Source));

    /// <summary>The policy's name. In a request it may be left out; if given, it must be the one in the path.</summary>
    public string? Name { get; init; }

    /// <summary>Where the policy was declared: built-in, api or file. Ignored in a request.</summary>
    public string? Source { get; init; }
}
