using System.Globalization;
using Gatehouse.Grains.Resilience;
using Gatehouse.Grains.Storage;
using StackExchange.Redis;
using LuaScript = Gatehouse.Grains.Storage.LuaScript;

namespace Gatehouse.Grains.Regions;

/// <summary>Keeps the region's start in the regional Redis.</summary>
internal sealed class RedisRegionStore(RedisConnection redis) : IRegionStore
{
    internal static readonly LuaScript Script = LuaScript.Load("region-start.lua");

    public async Task<RegionStart> StartAsync(string region)
    {
        var candidate = Guid.NewGuid().ToString("n");
        var answer = (string[])(await redis.RunAsync(
            CallKind.Write, database => Script.RunAsync(database, [At(region)], candidate)))!;
        return new RegionStart(Time(answer[0]), answer[1], Time(answer[2]));
    }

    public async Task<string?> GenerationAsync(string region) =>
        await redis.RunAsync(CallKind.Read, database => database.HashGetAsync(At(region), "generation"));

    private static RedisKey At(string region) => $"gatehouse:region:{region}";

    private static DateTimeOffset Time(string milliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(milliseconds, CultureInfo.InvariantCulture));
}
