namespace Gatehouse.Cli.Doctor;

/// <summary>What a connection to Redis is for.</summary>
internal enum RedisRole
{
    None = 0,

    /// <summary>The membership table.</summary>
    Membership = 1,

    /// <summary>Grain state and reminders.</summary>
    State = 2,

    /// <summary>Counts, key rings, audit chains, idempotency keys, notices of changes.</summary>
    Data = 3,

    /// <summary>A client of silos: notices of changes only.</summary>
    Changes = 4,

    /// <summary>Counts of all regions.</summary>
    Global = 5,
}

/// <summary>One command that a user may or may not send.</summary>
/// <param name="Text">Its words, with a blank between each two.</param>
internal sealed record RedisPermission(string Text)
{
    public IReadOnlyList<string> Words => Text.Split(' ');
}

/// <summary>
/// What the users of deploy/redis are for (docs/operations/redis.md). The tests hold it against that file,
/// and against what the scripts call.
/// </summary>
internal static class RedisNeeds
{
    private static readonly string[] Hash = ["HGET {0} f", "HGETALL {0}", "HMGET {0} f", "HSET {0} f v", "HDEL {0} f"];

    /// <summary>What a user of that role cannot do without.</summary>
    public static IEnumerable<RedisPermission> Of(RedisRole role, string region) => (role switch
    {
        RedisRole.Membership => On($"gatehouse/members/{region}",
            [.. Hash, "HEXISTS {0} f", "HSETNX {0} f v", "EVAL s 1 {0}", "INFO"]),
        RedisRole.State =>
        [
            .. On("gatehouse/state/doctor",
                ["HGET {0} f", "HGETALL {0}", "HMSET {0} f v", "EXPIRE {0} 1", "DEL {0}",
                "EVAL s 1 {0}", "EVALSHA sha 1 {0}", "SCRIPT LOAD s", "INFO"]),
            .. On("gatehouse/reminders", ["ZADD {0} 1 m", "ZRANGEBYLEX {0} - +", "ZREMRANGEBYLEX {0} - +"]),
        ],
        RedisRole.Data =>
        [
            .. OfData("gatehouse:doctor"), .. OfData("idempotency:doctor"),
            "EVALSHA sha 1 gatehouse:doctor", "SCRIPT LOAD s", "TIME", "INFO",
            $"PUBLISH gatehouse:changes:{region} m", $"SUBSCRIBE gatehouse:changes:{region}",
            $"UNSUBSCRIBE gatehouse:changes:{region}", "EVAL s 1 gatehouse:doctor",
        ],
        RedisRole.Changes => [$"SUBSCRIBE gatehouse:changes:{region}", "TIME", "INFO"],
        RedisRole.Global =>
        [
            .. On("gatehouse:global:doctor", ["HGETALL {0}", "HSET {0} f v", "HDEL {0} f", "PEXPIRE {0} 1",
                "EVALSHA sha 1 {0}"]),
            .. On("gatehouse:regions", ["HGETALL {0}", "HSET {0} f v", "HDEL {0} f", "EVAL s 1 {0}"]), "SCRIPT LOAD s",
            "TIME", "INFO",
        ],
        _ => Array.Empty<string>(),
    }).Select(static text => new RedisPermission(text));

    /// <summary>What no user of this product may do: whoever has its password could undo what the product promises.
    /// </summary>
    public static IEnumerable<RedisPermission> Dangers(IReadOnlyCollection<RedisRole> roles, string region)
    {
        string[] always = ["FLUSHALL", "FLUSHDB", "CONFIG SET save x", "KEYS *", "SHUTDOWN", "ACL SETUSER u",
            "REPLICAOF NO ONE", "DEBUG OBJECT k"];
        var others = new[]
        {
            (RedisRole.Membership, $"HGETALL gatehouse/members/{region}"),
            (RedisRole.State, "HGETALL gatehouse/state/doctor"),
            (RedisRole.Data, "HGETALL gatehouse:region:doctor"),
        }.Where(other => !roles.Contains(other.Item1) && !roles.Contains(RedisRole.Global))
            .Select(static other => other.Item2);
        return [.. always.Select(static text => new RedisPermission(text)),
            .. others.Select(static text => new RedisPermission(text))];
    }

    private static IEnumerable<string> OfData(string key) => On(
        key,
        [
            .. Hash, "HKEYS {0}", "HSETNX {0} f v", "HINCRBY {0} f 1", "LLEN {0}", "LRANGE {0} 0 1", "RPUSH {0} v",
            "DEL {0}", "UNLINK {0}", "EXISTS {0}", "EXPIRE {0} 1", "PEXPIRE {0} 1", "PTTL {0}",
        ]);

    private static IEnumerable<string> On(string key, IEnumerable<string> commands) =>
        commands.Select(command => command.Replace("{0}", key, StringComparison.Ordinal));
}
