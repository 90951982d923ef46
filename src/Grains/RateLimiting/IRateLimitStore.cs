namespace Gatehouse.Grains.RateLimiting;

/// <summary>Keeps the counts of subjects that are not in memory, until they no longer matter.</summary>
internal interface IRateLimitStore
{
    /// <summary>Reads a subject's counts; empty when there are none.</summary>
    Task<RateLimitState> LoadAsync(string key);

    /// <summary>Keeps a subject's counts for as long as they still count.</summary>
    Task SaveAsync(string key, RateLimitState state, TimeSpan timeToLive);

    /// <summary>Forgets a subject's counts.</summary>
    Task DeleteAsync(string key);
}
