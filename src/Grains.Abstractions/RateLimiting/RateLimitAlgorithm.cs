using System.Text.Json.Serialization;

namespace Gatehouse.Grains.Abstractions.RateLimiting;

/// <summary>How a policy counts. Each has its own bound; see docs/http-api.md, "Algorithms".</summary>
[GenerateSerializer, Alias("rl.algorithm")]
[JsonConverter(typeof(StrictEnumConverter<RateLimitAlgorithm>))]
public enum RateLimitAlgorithm
{
    /// <summary>Not set; never a valid value of a policy.</summary>
    None = 0,

    /// <summary>
    /// 30 sub-buckets, the partial oldest one counted in full: no interval of one window admits more than the limit.
    /// </summary>
    [JsonStringEnumMemberName("sliding-window")]
    SlidingWindow = 1,

    /// <summary>The generic cell rate algorithm: a burst of the limit, then a steady limit per window.</summary>
    [JsonStringEnumMemberName("token-bucket")]
    TokenBucket = 2,

    /// <summary>Windows aligned to the Unix epoch; each admits the limit.</summary>
    [JsonStringEnumMemberName("fixed-window")]
    FixedWindow = 3,
}
