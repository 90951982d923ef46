using System.Text.Json.Serialization;

namespace Gatehouse.Grains.Abstractions.RateLimiting;

/// <summary>What holds for a subject while the store that knows its history cannot be read.</summary>
[GenerateSerializer, Alias("rl.store-failure-mode")]
[JsonConverter(typeof(StrictEnumConverter<StoreFailureMode>))]
public enum StoreFailureMode
{
    /// <summary>Not set; never a valid value of a policy.</summary>
    None = 0,

    /// <summary>The cold factor applies for one window.</summary>
    [JsonStringEnumMemberName("reduced")]
    Reduced = 1,

    /// <summary>Calls are refused with 429 <c>service_overloaded</c> until the history can be read.</summary>
    [JsonStringEnumMemberName("deny")]
    Deny = 2,

    /// <summary>The full limit applies, as if there were no history.</summary>
    [JsonStringEnumMemberName("allow")]
    Allow = 3,
}

/// <summary>Whether a decision is enforced.</summary>
[GenerateSerializer, Alias("rl.enforcement-mode")]
[JsonConverter(typeof(StrictEnumConverter<EnforcementMode>))]
public enum EnforcementMode
{
    /// <summary>Not set; never a valid value of a policy.</summary>
    None = 0,

    /// <summary>A call over the limit is refused.</summary>
    [JsonStringEnumMemberName("enforce")]
    Enforce = 1,

    /// <summary>
    /// A call over the limit is admitted; the answer and the metrics say that it would have been refused.
    /// </summary>
    [JsonStringEnumMemberName("shadow")]
    Shadow = 2,
}

/// <summary>Whether all regions together are limited.</summary>
[GenerateSerializer, Alias("rl.global-mode")]
[JsonConverter(typeof(StrictEnumConverter<GlobalMode>))]
public enum GlobalMode
{
    /// <summary>Not set; never a valid value of a policy.</summary>
    None = 0,

    /// <summary>Each region limits for itself.</summary>
    [JsonStringEnumMemberName("off")]
    Off = 1,

    /// <summary>
    /// All regions together admit at most the global limit, and what the others admit in one exchange of counts more.
    /// </summary>
    [JsonStringEnumMemberName("eventual")]
    Eventual = 2,
}
