using System.Collections.Concurrent;
using Gatehouse.Grains.RateLimiting;

namespace Gatehouse.Cluster.Tests.Fixtures;

/// <summary>Stored counts in fake time, one store for all silos of a cluster.</summary>
internal sealed class FakeRateLimitStore(TimeProvider time) : IRateLimitStore
{
    private readonly ConcurrentDictionary<string, (RateLimitState State, DateTimeOffset Until)> _counts = new();

    public bool IsDown { get; set; }

    public bool Holds(string key) => _counts.TryGetValue(key, out var kept) && kept.Until > time.GetUtcNow();

    public Task<RateLimitState> LoadAsync(string key)
    {
        ThrowIfDown();
        return Task.FromResult(Holds(key) ? _counts[key].State : RateLimitState.Empty);
    }

    public Task SaveAsync(string key, RateLimitState state, TimeSpan timeToLive)
    {
        ThrowIfDown();
        _counts[key] = (state, time.GetUtcNow() + timeToLive);
        return Task.CompletedTask;
    }

    public Task DeleteAsync(string key)
    {
        ThrowIfDown();
        _counts.TryRemove(key, out _);
        return Task.CompletedTask;
    }

    private void ThrowIfDown()
    {
        if (IsDown)
        {
            throw new TimeoutException("The store does not answer.");
        }
    }
}
