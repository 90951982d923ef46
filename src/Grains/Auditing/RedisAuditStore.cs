using System.Globalization;
using System.Text.Json;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Resilience;
using Gatehouse.Grains.Storage;
using StackExchange.Redis;
using LuaScript = Gatehouse.Grains.Storage.LuaScript;

namespace Gatehouse.Grains.Auditing;

/// <summary>
/// Keeps chains in the regional Redis: the end in a hash, entries in lists of <see cref="SegmentSize"/>, ids in a
/// hash. All keys of one chain share its tenant's hash tag.
/// </summary>
internal sealed partial class RedisAuditStore(RedisConnection redis, IStoreCommit commit) : IAuditStore
{
    /// <summary>How many entries one list holds.</summary>
    public const int SegmentSize = 4096;

    /// <summary>So many entries are read at once: entries may be large, and others wait meanwhile.</summary>
    private const int PartMax = 256;

    internal static readonly LuaScript Append = LuaScript.Load("audit-append.lua");
    internal static readonly LuaScript Open = LuaScript.Load("audit-open.lua");
    internal static readonly LuaScript Repair = LuaScript.Load("audit-repair.lua");
    internal static readonly LuaScript Freeze = LuaScript.Load("audit-freeze.lua");

    public async Task<OpenedChain> OpenAsync(string tenant)
    {
        // What is read from here on is durable, whoever wrote it.
        var opened = Read((string[])(await WriteAsync(Open, [EndOf(tenant), CheckpointOf(tenant)], []))!);
        return opened with { Stored = await StoredAsync(tenant, opened.End.Size) };
    }

    /// <summary>Reads what the script answers; how many entries are stored is not in it.</summary>
    /// <exception cref="FormatException">It is no end of a chain.</exception>
    internal static OpenedChain Read(string[] answer)
    {
        var size = Number(answer[1]);
        var end = size == 0
            ? ChainEnd.Empty
            : new ChainEnd(answer[2], MerkleFrontier.Read(size, Convert.FromHexString(answer[3])));
        return new OpenedChain(Number(answer[0]), end, 0, answer[4].Length == 0 ? null : answer[4])
        {
            Dropped = Number(answer[5]),
            Forgotten = Number(answer[6]),
            Repair = answer[7].Length == 0 ? null : ReadRepair(answer[7]),
            Signed = ReadHead(answer.AsSpan(8)),
            KeysRecorded = answer[12],
        };
    }

    public async Task<bool> FreezeAsync(string tenant, long fence, string fault) =>
        (int)await WriteAsync(Freeze, [EndOf(tenant)], [fence, fault]) == 1;

    public async Task<StoreAnswer> AppendAsync(
        string tenant, long fence, ChainEnd before, ChainEnd next, IReadOnlyList<AuditEntry> entries)
    {
        if (before.Size == 0)
        {
            await RegisterAsync(tenant);
        }

        var (segment, used) = Math.DivRem(before.Size, SegmentSize);
        var values = new RedisValue[8 + (2 * entries.Count)];
        RedisValue[] head =
        [
            fence, before.Size, before.Hash, next.Size, next.Hash, Convert.ToHexStringLower(next.Tree.ToBytes()), used,
            Math.Min(entries.Count, SegmentSize - used),
        ];
        head.CopyTo(values, 0);
        for (var i = 0; i < entries.Count; i++)
        {
            (values[8 + (2 * i)], values[9 + (2 * i)]) = (entries[i].Id, entries[i].Bytes);
        }

        RedisKey[] keys =
            [EndOf(tenant), IdsOf(tenant), SegmentOf(tenant, segment), SegmentOf(tenant, segment + 1)];
        return Read((RedisValue[])(await WriteAsync(Append, keys, values))!);
    }

    public async Task<StoreAnswer> RepairAsync(
        string tenant, long fence, ChainEnd before, ChainEnd next, IReadOnlyList<AuditEntry> entries)
    {
        RedisValue[] values =
        [
            fence, before.Size, next.Size, next.Hash, Convert.ToHexStringLower(next.Tree.ToBytes()),
            .. entries.Select(static entry => (RedisValue)entry.Id),
        ];
        var isDone = (int)await WriteAsync(Repair, [EndOf(tenant), IdsOf(tenant)], values) == 1;
        return StoreAnswer.Of(isDone ? StoreOutcome.Done : StoreOutcome.Fenced);
    }

    public async Task<IReadOnlyList<byte[]>> ReadAsync(string tenant, long from, int count)
    {
        var entries = new List<byte[]>(count);
        while (entries.Count < count)
        {
            var (segment, start) = Math.DivRem(from + entries.Count, SegmentSize);
            var stop = Math.Min(start + Math.Min(PartMax, count - entries.Count), SegmentSize) - 1;
            var part = await RunAsync(
                CallKind.Read, database => database.ListRangeAsync(SegmentOf(tenant, segment), start, stop));
            entries.AddRange(part.Select(static entry => (byte[])entry!));
            if (part.Length < stop - start + 1)
            {
                break;
            }
        }

        return entries;
    }

    internal static RedisKey EndOf(string tenant) => $"gatehouse:audit-end:{{{tenant}}}";

    internal static RedisKey IdsOf(string tenant) => $"gatehouse:audit-ids:{{{tenant}}}";

    internal static RedisKey SegmentOf(string tenant, long segment) =>
        $"gatehouse:audit-entries:{{{tenant}}}:{segment}";

    /// <summary>As many as the segments around that place hold: what comes before them is not looked at.</summary>
    private async Task<long> StoredAsync(string tenant, long size)
    {
        var segment = Math.Max(0, (size - 1) / SegmentSize);
        var (first, second) = await RunAsync(CallKind.Read, async database => (
            await database.ListLengthAsync(SegmentOf(tenant, segment)),
            await database.ListLengthAsync(SegmentOf(tenant, segment + 1))));
        return (segment * SegmentSize) + first + (first == SegmentSize ? second : 0);
    }

    /// <summary>An error of the store's own, such as a key of another kind, says nothing of what was done.</summary>
    private async Task<T> RunAsync<T>(CallKind kind, Func<RedisCommands, Task<T>> call)
    {
        try
        {
            return await redis.RunAsync(kind, call);
        }
        catch (RedisException broken)
        {
            throw new ServiceOverloadedException("audit_store_failed", Applied.Unknown, broken);
        }
    }

    private static ChainRepair ReadRepair(string document)
    {
        try
        {
            return JsonSerializer.Deserialize<ChainRepair>(document) is { Fault: not null } repair
                ? repair
                : throw new FormatException("The repair of the chain is no repair.");
        }
        catch (JsonException broken)
        {
            throw new FormatException("The repair of the chain is no repair.", broken);
        }
    }

    private static long Number(string text) => text.Length == 0 ? 0
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var read) ? read
        : throw new FormatException("The end of the chain is no end of a chain.");

    private static StoreAnswer Read(RedisValue[] answer)
    {
        var known = new Dictionary<int, long>();
        for (var i = 3; i + 1 < answer.Length; i += 2)
        {
            known[int.Parse((string)answer[i]!, CultureInfo.InvariantCulture)] =
                long.Parse((string)answer[i + 1]!, CultureInfo.InvariantCulture);
        }

        return new StoreAnswer((string)answer[1]! switch
        {
            "ok" or "duplicate" => StoreOutcome.Done,
            "known" => StoreOutcome.Known,
            "hash_mismatch" => StoreOutcome.Mismatch,
            "fenced" => StoreOutcome.Fenced,
            "frozen" => StoreOutcome.Frozen,
            _ => StoreOutcome.Corrupt,
        }, known);
    }
}
