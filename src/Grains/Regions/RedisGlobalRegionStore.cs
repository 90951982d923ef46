using System.Globalization;
using Gatehouse.Grains.Resilience;
using Gatehouse.Grains.Storage;
using StackExchange.Redis;
using LuaScript = Gatehouse.Grains.Storage.LuaScript;

namespace Gatehouse.Grains.Regions;

/// <summary>Keeps the regions' heartbeats in the global Redis.</summary>
internal sealed class RedisGlobalRegionStore(GlobalRedisConnection redis) : IGlobalRegionStore
{
    internal static readonly LuaScript Script = LuaScript.Load("region-heartbeat.lua");

    public async Task<IReadOnlyList<HeardRegion>> BeatAsync(string region, DateTimeOffset? startedAt)
    {
        RedisValue started = startedAt?.ToUnixTimeMilliseconds() ?? 0;
        var answer = (string[])(await redis.RunAsync(
            CallKind.Write, database => Script.RunAsync(database, ["gatehouse:regions"], region, started)))!;
        return answer.Chunk(3).Select(entry => new HeardRegion(
            entry[0],
            Number(entry[1]) is > 0 and var at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null,
            TimeSpan.FromMilliseconds(Number(entry[2])))).ToList();
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
