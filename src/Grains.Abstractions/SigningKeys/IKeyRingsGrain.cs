namespace Gatehouse.Grains.Abstractions.SigningKeys;

/// <summary>What concerns the key rings of all tenants. The key is the region.</summary>
[Alias("keys.rings-grain")]
public interface IKeyRingsGrain : IGrainWithStringKey
{
    /// <summary>
    /// Begins to look at once, and every hour from here on, for keys that are to be promoted or rotated by now. Safe
    /// to repeat.
    /// </summary>
    [Alias("watch"), ResponseTimeout("00:00:30")]
    Task WatchAsync();

    /// <summary>
    /// Wraps the private keys of up to <paramref name="limit"/> rings under the first configured key-encryption key,
    /// for some seconds at most. Safe to repeat, until none remains.
    /// </summary>
    [Alias("rewrap"), ResponseTimeout("00:00:30")]
    Task<RewrapReport> RewrapAsync(int limit);
}

/// <summary>How far the re-wrapping has come.</summary>
[GenerateSerializer, Immutable, Alias("keys.rewrap-report")]
public sealed record RewrapReport
{
    /// <summary>Names the key-encryption key that is wrapped under now.</summary>
    [Id(0)] public required string Kek { get; init; }

    /// <summary>Rings that were re-wrapped by this call.</summary>
    [Id(1)] public required int Rewrapped { get; init; }

    /// <summary>Rings that hold a key that no configured key-encryption key opens.</summary>
    [Id(2)] public required IReadOnlyList<string> Unreadable { get; init; }

    /// <summary>Rings that still need another key-encryption key, the unreadable ones among them.</summary>
    [Id(3)] public required int Remaining { get; init; }
}
