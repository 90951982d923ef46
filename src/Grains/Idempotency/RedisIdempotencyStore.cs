using System.Globalization;
using System.Text.Json;
using Gatehouse.Grains.Abstractions.Idempotency;
using Gatehouse.Grains.Abstractions.Resilience;
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
internal sealed class RedisIdempotencyStore : IIdempotencyStore
{
    private const string Layouts = "idempotency-layouts.lua";

    /// <summary>What callers ask for meanwhile goes out together, and is one command for the store.</summary>
    private const int ClaimsMax = 64;

    private static readonly RedisValue[] CurrentOnly = [nameof(LegacyLayout.Off), "", ""];

    internal static readonly LuaScript Begin = LuaScript.Load(Layouts, "idempotency-begin.lua");
    internal static readonly LuaScript BeginMany = LuaScript.Load("idempotency-begin-many.lua");
    internal static readonly LuaScript Step = LuaScript.Load(Layouts, "idempotency-step.lua");
    internal static readonly LuaScript Look = LuaScript.Load(Layouts, "idempotency-read.lua");

    private readonly RedisConnection _redis;
    private readonly IStoreCommit _commit;
    private readonly IOptions<IdempotencyOptions> _options;
    private readonly GroupedCalls<Claim, Begun> _claims;
    private volatile bool _isOneServer;

    public RedisIdempotencyStore(
        RedisConnection redis, IStoreCommit commit, IOptions<IdempotencyOptions> options, TimeProvider time)
    {
        (_redis, _commit, _options) = (redis, commit, options);
        _claims = new GroupedCalls<Claim, Begun>(BeginAsync, ClaimsMax, redis.Deadline, time);
    }

    public Task<Begun> BeginAsync(string name, BeginCall asked, TimeSpan retention)
    {
        if (_options.Value.LegacyLayout is not LegacyLayout.Off)
        {
            return BeginInLayoutsAsync(name, asked, retention);
        }

        var claim = new Claim(name, asked, retention);
        // Keys of a cluster lie in different slots, and one script cannot see them all.
        return IsCluster() ? BeginAloneAsync(claim) : _claims.AddAsync(claim);
    }

    private async Task<Begun> BeginAloneAsync(Claim claim) => (await BeginAsync([claim]))[0];

    private async Task<Begun> BeginInLayoutsAsync(string name, BeginCall asked, TimeSpan retention)
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
            [
                epoch, "", IdempotencyKey.Word(state), Ms(retention), kept.Status,
                JsonSerializer.Serialize(kept.Headers), kept.Body,
            ]));

    public async Task<StepOutcome> ReleaseAsync(string name, string owner, TimeSpan retention) =>
        Outcome(await WriteAsync(
            Step, name, ["", owner, IdempotencyKey.Word(KeyState.Released), Ms(retention), "", "", ""]));

    public async Task<StepOutcome> RenewAsync(string name, long epoch, TimeSpan lease, TimeSpan retention) =>
        Outcome(await WriteAsync(
            Step, name, [epoch, "", IdempotencyKey.Word(KeyState.InProgress), Ms(retention), Ms(lease), "", ""]));

    public async Task<StoredKey?> ReadAsync(string name)
    {
        var (names, layout) = Places(name);
        var stored = (RedisValue[])(await _redis.RunAsync(
            CallKind.Read, database => Look.RunAsync(database, names, layout)))!;
        return stored.Length == 0 ? null : Read(stored);
    }

    /// <exception cref="ServiceOverloadedException">It is not what any version writes.</exception>
    internal static StoredKey Read(RedisValue[] stored)
    {
        try
        {
            return new StoredKey(
                IdempotencyKey.State((string?)stored[0] ?? ""), Number(stored[1]), (string?)stored[2] ?? "",
                TimeSpan.FromMilliseconds(stored[3].IsNullOrEmpty ? 0 : Number(stored[3])),
                stored[4].IsNullOrEmpty ? null : new StoredResponse
                {
                    Status = checked((int)Number(stored[4])),
                    Headers = Headers((string?)stored[5] ?? ""),
                    Body = (byte[]?)stored[6] ?? [],
                });
        }
        // A time that is too long for one is no argument of ours.
        catch (Exception damaged)
            when (damaged is FormatException or OverflowException or ArgumentOutOfRangeException or JsonException)
        {
            // Not taken for a key that is free, nor for a defect: the record stays as it is, and runs out.
            throw new ServiceOverloadedException(StoreFailure.Unreadable, Applied.No, damaged);
        }
    }

    private static long Number(RedisValue text) => long.Parse((string?)text ?? "", CultureInfo.InvariantCulture);

    private static Dictionary<string, string> Headers(string document) =>
        (JsonSerializer.Deserialize<Dictionary<string, string?>>(document)
            ?? throw new JsonException("An answer has headers, if only none."))
        .Where(static header => header.Value is not null)
        .ToDictionary(static header => header.Key, static header => header.Value!);

    private static StepOutcome Outcome(RedisResult answer) => (string)answer! switch
    {
        "done" => StepOutcome.Done,
        "absent" => StepOutcome.Absent,
        _ => StepOutcome.Stale,
    };

    private static long Ms(TimeSpan time) => (long)time.TotalMilliseconds;

    private async Task<Begun[]> BeginAsync(IReadOnlyList<Claim> claims)
    {
        var names = new RedisKey[claims.Count];
        var values = new RedisValue[5 * claims.Count];
        for (var i = 0; i < names.Length; i++)
        {
            var (name, asked, retention) = claims[i];
            names[i] = name;
            (values[5 * i], values[(5 * i) + 1]) = (asked.Owner, asked.Fingerprint);
            (values[(5 * i) + 2], values[(5 * i) + 3]) = (Ms(asked.Lease), Ms(asked.Lease + retention));
            values[(5 * i) + 4] = asked.Abandoned is AbandonedPolicy.Retry ? "retry" : "hold";
        }

        var answers = (RedisResult[])(await WriteAsync(BeginMany, names, values))!;
        return Array.ConvertAll(answers, static answer => answer.Resp2Type is ResultType.Integer
            ? new Begun((long)answer, null)
            : new Begun(null, Read((RedisValue[])answer!)));
    }

    /// <summary>Asked of every call, and known for good once the store has been spoken to.</summary>
    private bool IsCluster()
    {
        if (_isOneServer)
        {
            return false;
        }

        var isCluster = _redis.Multiplexer.GetServers()
            .Any(static server => server.ServerType is ServerType.Cluster);
        _isOneServer = !isCluster && _redis.Multiplexer.IsConnected;
        return isCluster;
    }

    private Task<RedisResult> WriteAsync(LuaScript script, string name, RedisValue[] values)
    {
        var (names, layout) = Places(name);
        return WriteAsync(script, names, [.. layout, .. values]);
    }

    private Task<RedisResult> WriteAsync(LuaScript script, RedisKey[] names, RedisValue[] values) =>
        _redis.RunAsync(CallKind.Write, async database =>
        {
            var answer = await script.RunAsync(database, names, values);
            await _commit.CommitAsync();
            return answer;
        });

    /// <summary>Where a key may lie, and what the scripts are told of it.</summary>
    private (RedisKey[] Names, RedisValue[] Layout) Places(string name)
    {
        var layout = _options.Value.LegacyLayout;
        if (layout is LegacyLayout.Off)
        {
            return ([name], CurrentOnly);
        }

        // Not left to the store, which would refuse each pair of names with an error that does not say what to do.
        if (IsCluster())
        {
            throw new InvalidOperationException(
                $"Gatehouse:Idempotency:LegacyLayout must be Off: the regional Redis is a cluster, and {layout} "
                + "needs both names of a key on one server.");
        }

        return LegacyRecord.Of(name) is { } old
            ? ([name, old.Name], [layout.ToString(), old.Tenant, old.Endpoint])
            : ([name], CurrentOnly);
    }

    private readonly record struct Claim(string Name, BeginCall Asked, TimeSpan Retention);
}
