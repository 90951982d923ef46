namespace Gatehouse.Grains.Abstractions.RateLimiting;

/// <summary>Why a call was admitted or refused.</summary>
[GenerateSerializer, Alias("rl.reason")]
public enum RateLimitReason
{
    /// <summary>Not set; never an answer.</summary>
    None = 0,

    /// <summary>Admitted and counted.</summary>
    WithinLimit = 1,

    /// <summary>The limit is spent; the same call succeeds after <see cref="RateLimitDecision.RetryAfter"/>.</summary>
    OverLimit = 2,

    /// <summary>The cost is above the limit: this call can never succeed.</summary>
    CostExceedsLimit = 3,

    /// <summary>The address is on the policy's allow list: admitted, not counted.</summary>
    AllowListed = 4,

    /// <summary>The address is on the policy's deny list: refused.</summary>
    DenyListed = 5,

    /// <summary>The history cannot be read and the policy says deny.</summary>
    StoreUnavailable = 6,

    /// <summary>The tenant has no such policy (any more).</summary>
    UnknownPolicy = 7,

    /// <summary>
    /// The region would admit it, but all regions together have spent the global limit. The wait is an upper bound.
    /// </summary>
    OverGlobalLimit = 8,
}

/// <summary>The answer to one check, peek, refund or reset.</summary>
[GenerateSerializer, Immutable, Alias("rl.decision")]
public readonly record struct RateLimitDecision
{
    /// <summary>Whether the caller may go on.</summary>
    [Id(0)] public bool Allowed { get; init; }

    /// <summary>
    /// Why. In shadow mode a call can be allowed and the reason still be <see cref="RateLimitReason.OverLimit"/>.
    /// </summary>
    [Id(1)] public RateLimitReason Reason { get; init; }

    /// <summary>The limit of the policy, or of the override that applies.</summary>
    [Id(2)] public long Limit { get; init; }

    /// <summary>The limit that holds now: reduced in a young region or while the history is unknown.</summary>
    [Id(3)] public long EffectiveLimit { get; init; }

    /// <summary>Units left now.</summary>
    [Id(4)] public long Remaining { get; init; }

    /// <summary>The window of the policy, or of the override that applies.</summary>
    [Id(5)] public TimeSpan Window { get; init; }

    /// <summary>Until any quota comes back; zero when nothing is in use.</summary>
    [Id(6)] public TimeSpan MoreAfter { get; init; }

    /// <summary>Until the quota is complete again; zero when nothing is in use.</summary>
    [Id(7)] public TimeSpan ResetAfter { get; init; }

    /// <summary>
    /// Refused only: with no other traffic the same call is admitted after exactly this time and not a millisecond
    /// earlier. Null when it can never succeed.
    /// </summary>
    [Id(8)] public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether the region is young and the cold factor applies.</summary>
    [Id(9)] public bool Cold { get; init; }

    /// <summary>
    /// Whether the answer was given without the subject's own history (store down, or subjects over the ceiling).
    /// </summary>
    [Id(10)] public bool Degraded { get; init; }
}
