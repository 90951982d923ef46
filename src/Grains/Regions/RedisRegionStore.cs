using System.Globalization;
using Gatehouse.Grains.Storage;

namespace Gatehouse.Grains.Regions;

/// <summary>Keeps the region's start in the regional Redis.</summary>
internal sealed class RedisRegionStore(RedisConnection redis) : IRegionStore
{
    internal static readonly LuaScript Script = LuaScript.Load("region-start.lua");

    public async Task<RegionStart> StartAsync(string region)
    {
        var candidate = Guid.NewGuid().ToString("n");
        var answer = (string[])(await Script.RunAsync(redis.Database, [$"gatehouse:region:{region}"], candidate))!;
        return new RegionStart(At(answer[0]), answer[1], At(answer[2]));
    }

    private static DateTimeOffset At(string milliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(milliseconds, CultureInfo.InvariantCulture));
}
