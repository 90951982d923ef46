using System.Globalization;
using System.Text.Json;
using Gatehouse.Grains.Abstractions.Idempotency;
using Gatehouse.Grains.Resilience;
using Gatehouse.Grains.Storage;
using StackExchange.Redis;
using LuaScript = Gatehouse.Grains.Storage.LuaScript;

namespace Gatehouse.Grains.Idempotency;

/// <summary>Keeps keys in the regional Redis: a hash each, with a time to live.</summary>
internal sealed class RedisIdempotencyStore(RedisConnection redis, IStoreCommit commit) : IIdempotencyStore
{
    internal static readonly LuaScript Begin = LuaScript.Load("idempotency-begin.lua");
    internal static readonly LuaScript Step = LuaScript.Load("idempotency-step.lua");

    public async Task<(long? Epoch, StoredKey? Stored)> BeginAsync(
        string name, BeginCall asked, TimeSpan retention)
    {
        RedisValue[] values =
        [
            asked.Owner, asked.Fingerprint, Ms(asked.Lease), Ms(retention),
            asked.Abandoned is AbandonedPolicy.Retry ? "retry" : "hold",
        ];
        var answer = (RedisValue[])(await WriteAsync(Begin, name, values))!;
        return (string)answer[0]! == "started" ? ((long)answer[1], null) : (null, Read(answer));
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
        var stored = await redis.RunAsync(CallKind.Read, async database =>
        {
            var time = database.ExecuteAsync("TIME");
            var fields = await database.HashGetAsync(
                name, ["state", "epoch", "fingerprint", "lease", "status", "headers", "body"]);
            var now = (RedisValue[])(await time)!;
            if (fields[3].HasValue)
            {
                fields[3] = (long)fields[3] - (((long)now[0] * 1000) + ((long)now[1] / 1000));
            }

            return fields;
        });
        return stored[0].IsNull ? null : Read(stored);
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

    private Task<RedisResult> WriteAsync(LuaScript script, string name, RedisValue[] values) =>
        redis.RunAsync(CallKind.Write, async database =>
        {
            var answer = await script.RunAsync(database, [name], values);
            await commit.CommitAsync();
            return answer;
        });
}
