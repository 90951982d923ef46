using System.Globalization;
using System.Text.Json;
using Gatehouse.Grains.Abstractions.Idempotency;
using Gatehouse.Grains.Resilience;
using Gatehouse.Grains.Storage;
using Microsoft.Extensions.Options;
using StackExchange.Redis;
using LuaScript = Gatehouse.Grains.Storage.LuaScript;

namespace Gatehouse.Grains.Idempotency;

/// <summary>
/// Keeps keys in the regional Redis: a hash each, with a time to live. Where the older layout is read, too, a key may
/// have two, and a script sees both.
/// </summary>
internal sealed class RedisIdempotencyStore(
    RedisConnection redis, IStoreCommit commit, IOptions<IdempotencyOptions> options) : IIdempotencyStore
{
    private const string Layouts = "idempotency-layouts.lua";

    private static readonly RedisValue[] CurrentOnly = [nameof(LegacyLayout.Off), "", ""];

    internal static readonly LuaScript Begin = LuaScript.Load(Layouts, "idempotency-begin.lua");
    internal static readonly LuaScript Step = LuaScript.Load(Layouts, "idempotency-step.lua");
    internal static readonly LuaScript Look = LuaScript.Load(Layouts, "idempotency-read.lua");

    public async Task<Begun> BeginAsync(string name, BeginCall asked, TimeSpan retention)
    {
        RedisValue[] values =
        [
            asked.Owner, asked.Fingerprint, Ms(asked.Lease), Ms(retention),
            asked.Abandoned is AbandonedPolicy.Retry ? "retry" : "hold",
        ];
        var answer = (RedisValue[])(await WriteAsync(Begin, name, values))!;
        var isLegacy = answer[^1] == "1";
        return (string)answer[0]! == "started"
            ? new Begun((long)answer[1], null, isLegacy)
            : new Begun(null, Read(answer), isLegacy);
    }

    public async Task<StepOutcome> EndAsync(
        string name, long epoch, KeyState state, StoredResponse kept, TimeSpan retention) => Outcome(await WriteAsync(
            Step, name,
            [epoch, "", Word(state), Ms(retention), kept.Status, JsonSerializer.Serialize(kept.Headers), kept.Body]));

    public async Task<StepOutcome> ReleaseAsync(string name, string owner, TimeSpan retention) =>
        Outcome(await WriteAsync(Step, name, ["", owner, Word(KeyState.Released), Ms(retention), "", "", ""]));

    public async Task<StepOutcome> RenewAsync(string name, long epoch, TimeSpan lease, TimeSpan retention) =>
        Outcome(await WriteAsync(
            Step, name, [epoch, "", Word(KeyState.InProgress), Ms(retention), Ms(lease), "", ""]));

    public async Task<StoredKey?> ReadAsync(string name)
    {
        var (names, layout) = Places(name);
        var stored = (RedisValue[])(await redis.RunAsync(
            CallKind.Read, database => Look.RunAsync(database, names, layout)))!;
        return stored.Length == 0 ? null : Read(stored);
    }

    private static StoredKey Read(RedisValue[] stored) => new(
        State((string)stored[0]!), (long)stored[1], (string?)stored[2] ?? "",
        TimeSpan.FromMilliseconds(stored[3].IsNullOrEmpty ? 0 : (long)stored[3]),
        stored[4].IsNullOrEmpty ? null : new StoredResponse
        {
            Status = int.Parse((string)stored[4]!, CultureInfo.InvariantCulture),
            Headers = JsonSerializer.Deserialize<Dictionary<string, string>>((string)stored[5]!)!,
            Body = (byte[]?)stored[6] ?? [],
        });

    private static StepOutcome Outcome(RedisResult answer) => (string)answer! switch
    {
        "done" => StepOutcome.Done,
        "absent" => StepOutcome.Absent,
        _ => StepOutcome.Stale,
    };

    internal static string Word(KeyState state) => state switch
    {
        KeyState.InProgress => "in_progress",
        KeyState.Completed => "completed",
        KeyState.Tombstoned => "tombstoned",
        KeyState.Unknown => "unknown",
        _ => "released",
    };

    private static KeyState State(string word) => word switch
    {
        "in_progress" => KeyState.InProgress,
        "completed" => KeyState.Completed,
        "tombstoned" => KeyState.Tombstoned,
        "released" => KeyState.Released,
        _ => KeyState.Unknown,
    };

    private static long Ms(TimeSpan time) => (long)time.TotalMilliseconds;

    private Task<RedisResult> WriteAsync(LuaScript script, string name, RedisValue[] values)
    {
        var (names, layout) = Places(name);
        RedisValue[] all = [.. layout, .. values];
        return redis.RunAsync(CallKind.Write, async database =>
        {
            var answer = await script.RunAsync(database, names, all);
            await commit.CommitAsync();
            return answer;
        });
    }

    /// <summary>Where a key may lie, and what the scripts are told of it.</summary>
    private (RedisKey[] Names, RedisValue[] Layout) Places(string name)
    {
        var layout = options.Value.LegacyLayout;
        if (layout is LegacyLayout.Off)
        {
            return ([name], CurrentOnly);
        }

        // Not left to the store, which would refuse each pair of names with an error that does not say what to do.
        if (redis.Multiplexer.GetServers().Any(static server => server.ServerType is ServerType.Cluster))
        {
            throw new InvalidOperationException(
                $"Gatehouse:Idempotency:LegacyLayout must be Off: the regional Redis is a cluster, and {layout} "
                + "needs both names of a key on one server.");
        }

        return LegacyRecord.Of(name) is { } old
            ? ([name, old.Name], [layout.ToString(), old.Tenant, old.Endpoint])
            : ([name], CurrentOnly);
    }
}
