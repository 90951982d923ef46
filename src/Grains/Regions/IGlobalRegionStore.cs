namespace Gatehouse.Grains.Regions;

/// <summary>The global store's record of the regions.</summary>
internal interface IGlobalRegionStore
{
    /// <summary>Says that this region is alive, and reads when every region last said so.</summary>
    Task<IReadOnlyList<HeardRegion>> BeatAsync(string region, DateTimeOffset? startedAt);
}

/// <summary>One region as the global store knows it.</summary>
/// <param name="Name">The region's name.</param>
/// <param name="StartedAt">When its own store first saw it; null while it does not know.</param>
/// <param name="HeardAgo">How long ago it was heard, in the global store's time.</param>
internal sealed record HeardRegion(string Name, DateTimeOffset? StartedAt, TimeSpan HeardAgo);
