namespace Gatehouse.Grains.Abstractions.Regions;

/// <summary>The age of one region, as the region's own store knows it. The key is the region's name.</summary>
[Alias("region.grain")]
public interface IRegionGrain : IGrainWithStringKey
{
    /// <summary>Reads the region's age, recording its start in an empty store. Safe to retry.</summary>
    [Alias("get"), ResponseTimeout("00:00:02")]
    Task<RegionAge> GetAsync();

    /// <summary>
    /// Reads every region of the deployment: this one, and what the global store, if there is one, heard of in the last
    /// day. Safe to retry.
    /// </summary>
    [Alias("list"), ResponseTimeout("00:00:02")]
    Task<IReadOnlyList<RegionAge>> ListAsync();
}

/// <summary>What is known of a region's age.</summary>
[GenerateSerializer, Immutable, Alias("region.age")]
public sealed record RegionAge
{
    /// <summary>The region's name.</summary>
    [Id(0)] public required string Region { get; init; }

    /// <summary>
    /// When the region's store first saw it, in store time. Null while the store has not been reached: the region is
    /// cold.
    /// </summary>
    [Id(1)] public DateTimeOffset? StartedAt { get; init; }

    /// <summary>
    /// Names the store's content. A flushed or replaced store has another generation, and so is a new region.
    /// </summary>
    [Id(2)] public string? Generation { get; init; }

    /// <summary>
    /// How long ago the region was last heard by the global store; null for the region that answers, and without a
    /// global store.
    /// </summary>
    [Id(4)] public TimeSpan? HeardAgo { get; init; }

    /// <summary>The store's clock when this was answered.</summary>
    [Id(3)] public DateTimeOffset StoreTime { get; init; }
}
