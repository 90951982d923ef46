using System.Globalization;
using System.Text.Json;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Auditing.Archive;
using Gatehouse.Grains.Resilience;
using Gatehouse.Grains.SigningKeys;
using StackExchange.Redis;
using LuaScript = Gatehouse.Grains.Storage.LuaScript;

namespace Gatehouse.Grains.Auditing;

/// <content>Checkpoints, and what happens to entries once they are archived.</content>
internal sealed partial class RedisAuditStore
{
    internal static readonly LuaScript Checkpoint = LuaScript.Load("audit-checkpoint.lua");
    internal static readonly LuaScript Drop = LuaScript.Load("audit-drop.lua");
    internal static readonly LuaScript Forget = LuaScript.Load("audit-forget.lua");
    internal static readonly LuaScript ForgetAll = LuaScript.Load("audit-forget-all.lua");
    internal static readonly LuaScript Remember = LuaScript.Load("audit-remember.lua");
    internal static readonly LuaScript Restore = LuaScript.Load("audit-restore.lua");
    internal static readonly LuaScript Unfreeze = LuaScript.Load("audit-unfreeze.lua");

    private static readonly RedisKey Chains = "gatehouse:audit-chains";
    private static readonly long TimeMaxMs = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    public async Task<HeldRange> HeldAsync(string tenant)
    {
        var stored = await RunAsync(CallKind.Read, database =>
            database.HashGetAsync(EndOf(tenant), ["dropped", "forgotten"]));
        return new HeldRange(Number((string?)stored[0] ?? ""), Number((string?)stored[1] ?? ""));
    }

    public async Task<long> SizeAsync(string tenant)
    {
        var size = await RunAsync(CallKind.Read, database => database.HashGetAsync(EndOf(tenant), "size"));
        return size.IsNull ? 0 : long.Parse((string)size!, CultureInfo.InvariantCulture);
    }

    public async Task<SignedHead?> CheckpointAsync(string tenant)
    {
        var stored = await RunAsync(CallKind.Read, database =>
            database.HashGetAsync(CheckpointOf(tenant), ["size", "root", "at", "note"]));
        try
        {
            return ReadHead([.. stored.Select(static value => (string?)value ?? "")]);
        }
        catch (FormatException damaged)
        {
            throw new ServiceOverloadedException(StoreFailure.Unreadable, Applied.No, damaged);
        }
    }

    public async Task<PublishOutcome> PublishAsync(string tenant, long fence, SignedHead head, KeyRingState signer)
    {
        RedisValue[] values =
        [
            fence, signer.Epoch, signer.Stamp, head.Size, Convert.ToHexStringLower(head.Root),
            head.SignedAt.ToUnixTimeMilliseconds(), head.Note, ChainRecords.Recorded(signer),
        ];
        RedisKey[] keys = [EndOf(tenant), RedisKeyRingStore.RingOf(tenant), CheckpointOf(tenant)];
        return (string)(await WriteAsync(Checkpoint, keys, values))! switch
        {
            "ok" => PublishOutcome.Done,
            "stale_key" => PublishOutcome.StaleKey,
            "fenced" => PublishOutcome.Fenced,
            "behind" => PublishOutcome.Behind,
            _ => PublishOutcome.Older,
        };
    }

    public async Task<bool> DropAsync(string tenant, long fence, long from, byte[] first, byte[] last)
    {
        var segment = from / SegmentSize;
        RedisKey[] keys =
            [EndOf(tenant), SegmentOf(tenant, segment), SegmentOf(tenant, Math.Max(0, segment - 1))];
        return (int)await WriteAsync(Drop, keys, [fence, from, from + SegmentSize, first, last]) == 1;
    }

    public async Task<bool> ForgetAsync(
        string tenant, long fence, long from, long before, IReadOnlyList<AuditEntry> entries)
    {
        RedisValue[] values =
            [fence, from, before, .. entries.SelectMany(static entry => (RedisValue[])[entry.Id, entry.Seq])];
        return (int)await WriteAsync(Forget, [EndOf(tenant), IdsOf(tenant)], values) == 1;
    }

    public async Task<bool> ForgetAllAsync(string tenant, long fence, string fault) =>
        (int)await WriteAsync(ForgetAll, [EndOf(tenant), IdsOf(tenant)], [fence, fault]) == 1;

    public async Task<bool> RememberAsync(string tenant, long fence, IReadOnlyList<AuditEntry> entries)
    {
        RedisValue[] values = [fence, entries[0].Seq, .. entries.Select(static entry => (RedisValue)entry.Id)];
        return (int)await WriteAsync(Remember, [EndOf(tenant), IdsOf(tenant)], values) == 1;
    }

    public async Task<bool> RestoreAsync(
        string tenant, long fence, ChainEnd end, long forgotten, IReadOnlyList<AuditEntry> entries, ChainRepair repair)
    {
        var dropped = end.Size - entries.Count;
        var values = new List<RedisValue>
        {
            fence, end.Size, end.Hash, Convert.ToHexStringLower(end.Tree.ToBytes()), dropped, forgotten,
            JsonSerializer.Serialize(repair),
        };
        foreach (var entry in entries)
        {
            values.Add(entry.Id);
            values.Add(entry.Bytes);
        }

        var segment = dropped / SegmentSize;
        RedisKey[] keys =
        [
            EndOf(tenant), IdsOf(tenant), SegmentOf(tenant, segment),
            .. await SegmentsAsync(tenant, segment + 1, 1), .. await SegmentsAsync(tenant, segment - 1, -1),
        ];
        await RegisterAsync(tenant);
        return (int)await WriteAsync(Restore, keys, [.. values]) == 1;
    }

    public Task<long> FenceAsync(string tenant) => RunAsync(CallKind.Write, async database =>
    {
        var fence = await database.HashIncrementAsync(EndOf(tenant), "fence");
        await commit.CommitAsync();
        return fence;
    });

    public async Task<bool> UnfreezeAsync(string tenant, long fence, long forgotten, ChainRepair repair)
    {
        RedisValue[] values = [fence, forgotten, JsonSerializer.Serialize(repair)];
        return (int)await WriteAsync(Unfreeze, [EndOf(tenant)], values) == 1;
    }

    public Task RepairRecordedAsync(string tenant) =>
        RunAsync(CallKind.Write, database => database.HashDeleteAsync(EndOf(tenant), "repaired"));

    public async Task<IReadOnlyList<string>> TenantsAsync()
    {
        var chains = await RunAsync(CallKind.Read, database => database.HashKeysAsync(Chains));
        return [.. chains.Select(static tenant => (string)tenant!)];
    }

    /// <summary>
    /// For those who go through all chains; it is on another server of a cluster, as it may be.
    /// </summary>
    private Task<bool> RegisterAsync(string tenant) =>
        RunAsync(CallKind.Write, database => database.HashSetAsync(Chains, tenant, ""));

    internal static RedisKey CheckpointOf(string tenant) => $"gatehouse:audit-checkpoint:{{{tenant}}}";

    /// <summary>The segments that are there, from one on.</summary>
    private async Task<IReadOnlyList<RedisKey>> SegmentsAsync(string tenant, long segment, int step)
    {
        var found = new List<RedisKey>();
        for (; segment >= 0; segment += step)
        {
            var key = SegmentOf(tenant, segment);
            if (!await RunAsync(CallKind.Read, database => database.KeyExistsAsync(key)))
            {
                break;
            }

            found.Add(key);
        }

        return found;
    }

    /// <exception cref="FormatException">It is no head of a chain.</exception>
    private static SignedHead? ReadHead(ReadOnlySpan<string> stored) => stored[0].Length == 0 ? null : new SignedHead(
        Number(stored[0]), Convert.FromHexString(stored[1]), Time(stored[2]), stored[3]);

    private static DateTimeOffset Time(string text) => text.Length == 0 ? DateTimeOffset.MinValue
        : Number(text) is var ms && ms <= TimeMaxMs ? DateTimeOffset.FromUnixTimeMilliseconds(ms)
        : throw new FormatException("The checkpoint's time is none.");

    private Task<RedisResult> WriteAsync(LuaScript script, RedisKey[] keys, RedisValue[] values) =>
        RunAsync(CallKind.Write, async database =>
        {
            var result = await script.RunAsync(database, keys, values);
            await commit.CommitAsync();
            return result;
        });
}
