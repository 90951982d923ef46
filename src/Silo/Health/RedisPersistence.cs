namespace Gatehouse.Silo.Health;

/// <summary>Whether a Redis keeps what it is given, by what it says of itself.</summary>
internal static class RedisPersistence
{
    /// <summary>
    /// What this product's promises rest on: every write in the append-only file, and nothing dropped when memory runs
    /// out. A snapshot that failed refuses writes by Redis' own defaults.
    /// </summary>
    private static readonly (string Field, string Expected, string Fault)[] Rules =
    [
        ("aof_enabled", "1", "appendonly is off: what was acknowledged is lost with the process."),
        ("aof_last_write_status", "ok", "The last write of the append-only file failed."),
        ("rdb_last_bgsave_status", "ok", "The last snapshot failed."),
        ("maxmemory_policy", "noeviction", "maxmemory-policy is not noeviction: full memory drops counts and keys."),
    ];

    /// <summary>The fields of an answer to <c>INFO</c> that matter here.</summary>
    public static IReadOnlyDictionary<string, object> Read(string info)
    {
        var said = info.Split('\n', StringSplitOptions.TrimEntries)
            .Select(line => line.Split(':', 2))
            .Where(parts => parts.Length == 2)
            .GroupBy(parts => parts[0]).ToDictionary(same => same.Key, same => same.First()[1]);
        return Rules.ToDictionary(rule => rule.Field, object (rule) => said.GetValueOrDefault(rule.Field, "not said"));
    }

    /// <summary>What is wrong with them.</summary>
    public static IReadOnlyList<string> Faults(IReadOnlyDictionary<string, object> said) =>
        [.. Rules.Where(rule => !Equals(said[rule.Field], rule.Expected)).Select(rule => rule.Fault)];
}
