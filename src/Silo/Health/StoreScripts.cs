using Gatehouse.Grains.Auditing;
using Gatehouse.Grains.Idempotency;
using Gatehouse.Grains.RateLimiting.Ceilings;
using Gatehouse.Grains.Regions;
using Gatehouse.Grains.SigningKeys;
using Gatehouse.Grains.Storage;
using LuaScript = Gatehouse.Grains.Storage.LuaScript;

namespace Gatehouse.Silo.Health;

/// <summary>
/// Sends the regional store every script before the first call needs one. A store that forgets them is sent each again
/// with the call that misses it.
/// </summary>
internal sealed class StoreScripts(RedisConnection redis) : IStartupStep
{
    public static IReadOnlyList<LuaScript> All { get; } =
    [
        RedisRegionStore.Script, RedisCeilingStore.Script,
        RedisIdempotencyStore.Begin, RedisIdempotencyStore.BeginMany, RedisIdempotencyStore.Step,
        RedisIdempotencyStore.Look,
        RedisKeyRingStore.Change, RedisKeyRingStore.Lease, RedisKeyRingStore.Holders,
        RedisAuditStore.Append, RedisAuditStore.Open, RedisAuditStore.Repair, RedisAuditStore.Freeze,
        RedisAuditStore.Checkpoint, RedisAuditStore.Drop, RedisAuditStore.Forget, RedisAuditStore.ForgetAll,
        RedisAuditStore.Remember, RedisAuditStore.Restore, RedisAuditStore.Unfreeze,
    ];

    public async Task RunAsync()
    {
        var masters = redis.Multiplexer.GetServers()
            .Where(server => server is { IsConnected: true, IsReplica: false }).ToList();
        if (masters.Count == 0)
        {
            throw new InvalidOperationException("The regional store is away.");
        }

        await Task.WhenAll(
            from server in masters
            from script in All
            select server.ScriptLoadAsync(script.Text));
    }
}
