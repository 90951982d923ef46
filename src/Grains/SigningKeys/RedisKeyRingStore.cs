using System.Globalization;
using System.Text.Json;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Resilience;
using Gatehouse.Grains.Storage;
using StackExchange.Redis;
using LuaScript = Gatehouse.Grains.Storage.LuaScript;

namespace Gatehouse.Grains.SigningKeys;

/// <summary>
/// Keeps rings in the regional Redis. All keys of one ring share its tenant's hash tag, so that one script can
/// compare a ring's epoch and write something else of that tenant.
/// </summary>
internal sealed class RedisKeyRingStore(RedisConnection redis, IStoreCommit commit) : IKeyRingStore
{
    /// <summary>The reason of a ring that is not of this version of the product.</summary>
    public const string Unreadable = "key_ring_unreadable";

    // A null where there must be something is damage; found later, it would be a defect of whoever comes upon it.
    internal static readonly JsonSerializerOptions Strict = new()
    {
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    internal static readonly LuaScript Change = LuaScript.Load("key-ring-change.lua");
    internal static readonly LuaScript Lease = LuaScript.Load("key-ring-lease.lua");
    internal static readonly LuaScript Holders = LuaScript.Load("key-ring-holders.lua");

    /// <summary>
    /// A server that a ring has met this short a time ago may lack leases that were given: longer than any lease.
    /// </summary>
    private static readonly TimeSpan ForgetfulFor = TimeSpan.FromSeconds(7);

    internal static readonly RedisKey Keks = "gatehouse:key-rings";

    public async Task<KeyRingState> ReadAsync(string tenant)
    {
        var ring = await redis.RunAsync(CallKind.Read, database => database.HashGetAsync(RingOf(tenant), "ring"));
        return ring.IsNull ? KeyRingState.Empty : Read(ring!);
    }

    public async Task<bool> ReplaceAsync(string tenant, KeyRingState before, KeyRingState next)
    {
        var document = JsonSerializer.SerializeToUtf8Bytes(next);
        return await redis.RunAsync(CallKind.Write, async database =>
        {
            var answer = await Change.RunAsync(
                database, [RingOf(tenant)], before.Epoch, before.Stamp, next.Epoch, next.Stamp, document);
            Failpoint.Reach("key-ring.replaced");
            await commit.CommitAsync();
            return (int)answer == 1;
        });
    }

    public async Task<LeaseAnswer> LeaseAsync(string tenant, string signer, KeyRingState held, TimeSpan duration)
    {
        // A lease that is given and not heard of does no harm: it runs out.
        var answer = (RedisResult[])(await redis.RunAsync(CallKind.Read, database => Lease.RunAsync(
            database, [RingOf(tenant), LeasesOf(tenant)], signer, held.Epoch, held.Stamp,
            (long)duration.TotalMilliseconds)))!;
        var ring = (string)answer[1]!;
        return new LeaseAnswer(
            long.Parse((string)answer[0]!, CultureInfo.InvariantCulture), ring.Length == 0 ? null : Read(ring));
    }

    public Task<int?> HoldersAsync(string tenant, KeyRingState ring) => HoldersAsync(tenant, ring, ForgetfulFor);

    public async Task<IReadOnlyDictionary<string, IReadOnlyList<string>>> ReadKeksAsync()
    {
        var entries = await redis.RunAsync(CallKind.Read, database => database.HashGetAllAsync(Keks));
        return entries.ToDictionary(
            entry => (string)entry.Name!,
            IReadOnlyList<string> (entry) => ((string)entry.Value!).Split(',', StringSplitOptions.RemoveEmptyEntries));
    }

    public Task WriteKeksAsync(string tenant, IReadOnlyList<string> ids) =>
        redis.RunAsync(CallKind.Write, async database =>
        {
            await (ids.Count == 0
                ? database.HashDeleteAsync(Keks, tenant)
                : database.HashSetAsync(Keks, tenant, string.Join(',', ids)));
            await commit.CommitAsync();
            return true;
        });

    internal static RedisKey RingOf(string tenant) => $"gatehouse:key-ring:{{{tenant}}}";

    internal static RedisKey LeasesOf(string tenant) => $"gatehouse:key-leases:{{{tenant}}}";

    internal async Task<int?> HoldersAsync(string tenant, KeyRingState ring, TimeSpan forgetfulFor)
    {
        var answer = (int[])(await redis.RunAsync(CallKind.Read, database => Holders.RunAsync(
            database, [RingOf(tenant), LeasesOf(tenant)], ring.Epoch, ring.Stamp,
            (long)forgetfulFor.TotalMilliseconds)))!;
        return answer[1] == 1 ? answer[0] : null;
    }

    /// <exception cref="ServiceOverloadedException">It is no ring that this version knows.</exception>
    internal static KeyRingState Read(string document)
    {
        try
        {
            return JsonSerializer.Deserialize<KeyRingState>(document, Strict) is { } ring && ring.IsWhole()
                ? ring
                : throw new JsonException("It is not a whole ring.");
        }
        catch (JsonException broken)
        {
            // Never taken for an empty ring: its versions would be used again.
            throw new ServiceOverloadedException(Unreadable, Applied.No, broken);
        }
    }
}
