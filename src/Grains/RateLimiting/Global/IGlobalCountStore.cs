using Gatehouse.Grains.RateLimiting.Ceilings;

namespace Gatehouse.Grains.RateLimiting.Global;

/// <summary>The global store's counts of subjects, one set per region.</summary>
internal interface IGlobalCountStore
{
    /// <summary>
    /// Publishes this region's counts, which only grow, and reads what every region has used since
    /// <see cref="GlobalCounts.Oldest"/>. Safe to repeat.
    /// </summary>
    Task<IReadOnlyDictionary<string, long>> ExchangeAsync(string key, string region, GlobalCounts counts);
}

/// <summary>What one region publishes of a subject.</summary>
internal sealed record GlobalCounts
{
    public required long WindowMs { get; init; }

    /// <summary>Buckets before this one no longer count.</summary>
    public required long Oldest { get; init; }

    /// <summary>The buckets that have grown since they were published last.</summary>
    public required IReadOnlyList<BucketCount> Grown { get; init; }
}
