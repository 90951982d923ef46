namespace Gatehouse.Grains.Abstractions.RateLimiting;

/// <summary>
/// What one policy of a tenant admits. The JSON form is the same in the HTTP API and in configuration files:
/// every field but <c>limit</c> and <c>window</c> may be left out.
/// </summary>
[GenerateSerializer, Immutable, Alias("rl.policy")]
public record RateLimitPolicy
{
    /// <summary>The policy every tenant has without any set-up: 100 per minute, sliding window.</summary>
    public static RateLimitPolicy BuiltIn { get; } = new() { Limit = 100, Window = TimeSpan.FromMinutes(1) };

    /// <summary>The name of <see cref="BuiltIn"/>.</summary>
    public const string DefaultName = "default";

    /// <summary>Units admitted per window. Required; 1 to 1,000,000,000.</summary>
    [Id(0)] public long Limit { get; init; }

    /// <summary>The window, <c>hh:mm:ss</c>. Required; 1 second to 31 days.</summary>
    [Id(1)] public TimeSpan Window { get; init; }

    /// <summary>How units are counted. Default: sliding window.</summary>
    [Id(2)] public RateLimitAlgorithm Algorithm { get; init; } = RateLimitAlgorithm.SlidingWindow;

    /// <summary>How a young region is limited.</summary>
    [Id(3)] public ColdStart ColdStart { get; init; } = new();

    /// <summary>Whether all regions together are limited.</summary>
    [Id(4)] public GlobalLimit Global { get; init; } = new();

    /// <summary>What holds while a subject's history cannot be read. Default: reduced.</summary>
    [Id(5)] public StoreFailureMode OnStoreFailure { get; init; } = StoreFailureMode.Reduced;

    /// <summary>Whether a decision is enforced or only reported. Default: enforce.</summary>
    [Id(6)] public EnforcementMode Mode { get; init; } = EnforcementMode.Enforce;

    /// <summary>IPv6 addresses that share this many leading bits are one subject. Default 64; 32 to 128.</summary>
    [Id(7)] public int Ipv6Prefix { get; init; } = 64;

    /// <summary>Networks that are always admitted and never counted. Allow wins over deny.</summary>
    [Id(8)] public IReadOnlyList<string> Allow { get; init; } = [];

    /// <summary>Networks that are never admitted.</summary>
    [Id(9)] public IReadOnlyList<string> Deny { get; init; } = [];

    /// <summary>Other limits for some networks or subjects; the longest matching network wins.</summary>
    [Id(10)] public IReadOnlyList<PolicyOverride> Overrides { get; init; } = [];
}

/// <summary>
/// While the region is younger than the duration, the effective limit is max(1, floor(limit x factor)).
/// </summary>
[GenerateSerializer, Immutable, Alias("rl.cold-start")]
public sealed record ColdStart
{
    /// <summary>
    /// How long a region counts as young, <c>hh:mm:ss</c>. Default 5 minutes; zero switches it off; at most 1 day.
    /// </summary>
    [Id(0)] public TimeSpan Duration { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The share of the limit that a young region admits. Default 0.5; above 0, at most 1.</summary>
    [Id(1)] public decimal Factor { get; init; } = 0.5m;
}

/// <summary>
/// A limit over all regions, on top of each region's own. Counted in a sliding window, whatever the algorithm.
/// </summary>
[GenerateSerializer, Immutable, Alias("rl.global")]
public sealed record GlobalLimit
{
    /// <summary>Default: off.</summary>
    [Id(0)] public GlobalMode Mode { get; init; } = GlobalMode.Off;

    /// <summary>The global limit as a multiple of the regional one. Default 2; 1 to 1,000.</summary>
    [Id(1)] public decimal Multiplier { get; init; } = 2;
}

/// <summary>Another limit for one network or one subject.</summary>
[GenerateSerializer, Immutable, Alias("rl.override")]
public sealed record PolicyOverride
{
    /// <summary>The network, such as <c>198.51.100.0/24</c>. Exactly one of cidr and subject is set.</summary>
    [Id(0)] public string? Cidr { get; init; }

    /// <summary>The opaque subject, compared exactly.</summary>
    [Id(1)] public string? Subject { get; init; }

    /// <summary>Units admitted per window. Required; 1 to 1,000,000,000.</summary>
    [Id(2)] public long Limit { get; init; }

    /// <summary>The window, <c>hh:mm:ss</c>. Default: the policy's.</summary>
    [Id(3)] public TimeSpan? Window { get; init; }
}
