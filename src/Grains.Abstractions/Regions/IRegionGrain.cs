namespace Gatehouse.Grains.Abstractions.Regions;

/// <summary>The age of one region, as the region's own store knows it. The key is the region's name.</summary>
[Alias("region.grain")]
public interface IRegionGrain : IGrainWithStringKey
{
    /// <summary>Reads the region's age, recording its start in an empty store. Safe to retry.</summary>
    [Alias("get"), ResponseTimeout("00:00:02")]
    Task<RegionAge> GetAsync();
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

    /// <summary>The store's clock when this was answered.</summary>
    [Id(3)] public DateTimeOffset StoreTime { get; init; }
}
