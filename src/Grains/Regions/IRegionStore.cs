namespace Gatehouse.Grains.Regions;

/// <summary>The regional store's own record of its region.</summary>
internal interface IRegionStore
{
    /// <summary>Reads when the region started, recording it if the store is empty.</summary>
    Task<RegionStart> StartAsync(string region);

    /// <summary>Reads the generation of the store's content; null when it has none.</summary>
    Task<string?> GenerationAsync(string region);
}

/// <summary>What the store answered, all in its own time.</summary>
internal sealed record RegionStart(DateTimeOffset StartedAt, string Generation, DateTimeOffset StoreTime);
