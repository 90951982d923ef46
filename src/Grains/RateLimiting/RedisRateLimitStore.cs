using Gatehouse.Grains.Storage;
using StackExchange.Redis;

namespace Gatehouse.Grains.RateLimiting;

/// <summary>Keeps counts in the regional Redis, one key with a time to live per subject.</summary>
internal sealed class RedisRateLimitStore(RedisConnection redis, RateLimitingMetrics metrics) : IRateLimitStore
{
    public async Task<RateLimitState> LoadAsync(string key)
    {
        var stored = (byte[]?)await redis.Database.StringGetAsync(At(key));
        if (stored is null)
        {
            return RateLimitState.Empty;
        }

        if (RateLimitSnapshot.TryParse(stored, out var state))
        {
            return state;
        }

        // Unreadable counts are an unknown history, and that is cold; a fresh budget would be a bypass.
        metrics.SnapshotUnreadable();
        throw new InvalidDataException("The stored counts of a subject are not in a format of this version.");
    }

    public Task SaveAsync(string key, RateLimitState state, TimeSpan timeToLive) =>
        redis.Database.StringSetAsync(At(key), RateLimitSnapshot.From(state).Serialize(), timeToLive);

    public Task DeleteAsync(string key) => redis.Database.KeyDeleteAsync(At(key));

    private static RedisKey At(string key) => $"gatehouse:rl:{key}";
}
