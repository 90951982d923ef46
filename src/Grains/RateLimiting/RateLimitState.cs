using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.Grains.RateLimiting;

/// <summary>What one subject has used, with the algorithm and window it was counted with.</summary>
internal readonly struct RateLimitState
{
    // Larger than any limit, small enough that UsedMax x WindowMaxMs fits a long.
    public const long UsedMax = int.MaxValue;

    public static RateLimitState Empty => default;

    public RateLimitAlgorithm Algorithm { get; init; }

    public long WindowMs { get; init; }

    // The latest time any call gave. Time never runs back behind it.
    public long SeenMs { get; init; }

    // Token bucket: debt at SeenMs in token x window milliseconds. Fixed window: tokens of the window of SeenMs.
    public long Level { get; init; }

    // Token bucket: the tokens owed after the last admission, at most the limit of that time.
    public long Peak { get; init; }

    // Sliding window: the 31 buckets that end with the one of SeenMs.
    public BucketCounts Buckets { get; init; }

    public static RateLimitState At(in Quota quota, long nowMs) =>
        new() { Algorithm = quota.Algorithm, WindowMs = quota.WindowMs, SeenMs = nowMs };

    public bool WasCountedBy(in Quota quota) => Algorithm == quota.Algorithm && WindowMs == quota.WindowMs;
}
