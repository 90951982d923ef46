using System.Globalization;
using Gatehouse.Grains.Resilience;
using Gatehouse.Grains.Storage;
using StackExchange.Redis;
using LuaScript = Gatehouse.Grains.Storage.LuaScript;

namespace Gatehouse.Grains.RateLimiting.Global;

/// <summary>Keeps counts of all regions in the global Redis, one hash per subject and window.</summary>
internal sealed class RedisGlobalCountStore(GlobalRedisConnection redis) : IGlobalCountStore
{
    internal static readonly LuaScript Script = LuaScript.Load("global-counts.lua");

    public async Task<IReadOnlyDictionary<string, long>> ExchangeAsync(
        string key, string region, GlobalCounts counts)
    {
        List<RedisValue> values = [region, counts.Oldest, counts.WindowMs + (counts.WindowMs / 3) + 1000];
        foreach (var (bucket, count) in counts.Grown)
        {
            values.Add(bucket);
            values.Add(count);
        }

        // Buckets of another window have other numbers, so they have a key of their own.
        RedisKey at = $"gatehouse:global:{counts.WindowMs.ToString(CultureInfo.InvariantCulture)}:{key}";
        var answer = (string[])(await redis.RunAsync(
            CallKind.Write, database => Script.RunAsync(database, [at], [.. values])))!;
        return answer.Chunk(2).ToDictionary(
            pair => pair[0], pair => long.Parse(pair[1], CultureInfo.InvariantCulture), StringComparer.Ordinal);
    }
}
