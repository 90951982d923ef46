using StackExchange.Redis;

namespace Gatehouse.Grains.Storage;

/// <summary>
/// The commands that this product sends to a Redis: the one place where they are measured and traced, each as what it
/// is for the server.
/// </summary>
internal sealed class RedisCommands(IDatabase database, StoreCalls calls)
{
    private static readonly StoreOperation CommitAof = new("COMMITAOF");
    private static readonly StoreOperation HGet = new("HGET");
    private static readonly StoreOperation HMGet = new("HMGET");
    private static readonly StoreOperation HGetAll = new("HGETALL");
    private static readonly StoreOperation HKeys = new("HKEYS");
    private static readonly StoreOperation HSet = new("HSET");
    private static readonly StoreOperation HDel = new("HDEL");
    private static readonly StoreOperation HIncrBy = new("HINCRBY");
    private static readonly StoreOperation Exists = new("EXISTS");
    private static readonly StoreOperation LLen = new("LLEN");
    private static readonly StoreOperation LRange = new("LRANGE");
    private static readonly StoreOperation Ping = new("PING");
    private static readonly StoreOperation Unlink = new("UNLINK");

    /// <summary>Runs a script by its hash, and sends it again when the store has forgotten it.</summary>
    public async Task<RedisResult> EvaluateAsync(LuaScript script, RedisKey[] keys, RedisValue[] values)
    {
        // Written out, and not through RunAsync: nearly all calls are of scripts, and an object is made per level.
        var call = calls.Start(script.ByHash);
        try
        {
            var answer = await database.ScriptEvaluateAsync(script.Hash, keys, values);
            calls.Succeeded(call);
            return answer;
        }
        catch (Exception failure)
        {
            calls.Failed(call, failure);
            if (!LuaScript.IsForgotten(failure))
            {
                throw;
            }
        }

        return await RunAsync(
            script.ByText, (script.Text, keys, values),
            static (database, sent) => database.ScriptEvaluateAsync(sent.Text, sent.keys, sent.values));
    }

    /// <summary>Of the embedded store: what was written so far is on disk.</summary>
    public Task<RedisResult> CommitAofAsync() =>
        RunAsync(CommitAof, 0, static (database, _) => database.ExecuteAsync("COMMITAOF"));

    public Task<RedisValue> HashGetAsync(RedisKey key, RedisValue field) =>
        RunAsync(HGet, (key, field), static (database, at) => database.HashGetAsync(at.key, at.field));

    public Task<RedisValue[]> HashGetAsync(RedisKey key, RedisValue[] fields) =>
        RunAsync(HMGet, (key, fields), static (database, at) => database.HashGetAsync(at.key, at.fields));

    public Task<HashEntry[]> HashGetAllAsync(RedisKey key) =>
        RunAsync(HGetAll, key, static (database, key) => database.HashGetAllAsync(key));

    public Task<RedisValue[]> HashKeysAsync(RedisKey key) =>
        RunAsync(HKeys, key, static (database, key) => database.HashKeysAsync(key));

    public Task<bool> HashSetAsync(RedisKey key, RedisValue field, RedisValue value) =>
        RunAsync(HSet, (key, field, value), static (database, to) => database.HashSetAsync(to.key, to.field, to.value));

    public Task<bool> HashDeleteAsync(RedisKey key, RedisValue field) =>
        RunAsync(HDel, (key, field), static (database, at) => database.HashDeleteAsync(at.key, at.field));

    public Task<long> HashIncrementAsync(RedisKey key, RedisValue field) =>
        RunAsync(HIncrBy, (key, field), static (database, at) => database.HashIncrementAsync(at.key, at.field));

    public Task<bool> KeyDeleteAsync(RedisKey key) =>
        RunAsync(Unlink, key, static (database, key) => database.KeyDeleteAsync(key));

    public Task<bool> KeyExistsAsync(RedisKey key) =>
        RunAsync(Exists, key, static (database, key) => database.KeyExistsAsync(key));

    public Task<long> ListLengthAsync(RedisKey key) =>
        RunAsync(LLen, key, static (database, key) => database.ListLengthAsync(key));

    public Task<RedisValue[]> ListRangeAsync(RedisKey key, long start, long stop) =>
        RunAsync(
            LRange, (key, start, stop), static (database, at) => database.ListRangeAsync(at.key, at.start, at.stop));

    public Task<TimeSpan> PingAsync() => RunAsync(Ping, 0, static (database, _) => database.PingAsync());

    private async Task<T> RunAsync<TState, T>(
        StoreOperation operation, TState state, Func<IDatabase, TState, Task<T>> send)
    {
        var call = calls.Start(operation);
        try
        {
            var answer = await send(database, state);
            calls.Succeeded(call);
            return answer;
        }
        catch (Exception failure)
        {
            calls.Failed(call, failure);
            throw;
        }
    }
}
