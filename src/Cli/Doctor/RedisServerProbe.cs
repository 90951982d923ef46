using System.Globalization;
using StackExchange.Redis;

namespace Gatehouse.Cli.Doctor;

/// <summary>Asks one server about itself. What a user may not ask stays unknown, with the reason.</summary>
internal sealed class RedisServerProbe(IServer server, TimeProvider time)
{
    public async Task<RedisServerFacts> AskAsync(IReadOnlyList<RedisRole> roles)
    {
        var (info, _) = await TryAsync("INFO");
        var facts = Read((string?)info ?? "", new RedisServerFacts
        {
            Address = $"{server.EndPoint}".Replace("Unspecified/", "", StringComparison.Ordinal),
            Roles = roles,
        });
        var (config, refusal) = await TryAsync(
            "CONFIG", "GET", "appendfsync", "no-appendfsync-on-rewrite", "min-replicas-to-write");
        var settings = config?.ToDictionary(StringComparer.Ordinal);
        return facts with
        {
            ConfigUnknown = settings is null ? refusal : null,
            AppendFsync = Value("appendfsync"),
            NoAppendFsyncOnRewrite = Value("no-appendfsync-on-rewrite"),
            MinReplicasToWrite = Number(Value("min-replicas-to-write")) ?? facts.MinReplicasToWrite,
            // The other users may not ask, and each refusal is a line in the server's log.
            Skew = roles.Any(static role => role is RedisRole.Data or RedisRole.Changes or RedisRole.Global)
                ? await SkewAsync() : null,
        };

        string? Value(string name) => (string?)settings?.GetValueOrDefault(name);
    }

    /// <summary>Reads what INFO answers: lines of <c>name:value</c>.</summary>
    internal static RedisServerFacts Read(string info, RedisServerFacts facts)
    {
        var lines = info.Split('\n', StringSplitOptions.TrimEntries)
            .Select(static line => line.Split(':', 2)).Where(static pair => pair.Length == 2)
            .GroupBy(static pair => pair[0]).ToDictionary(static pairs => pairs.Key, static pairs => pairs.First()[1]);
        return facts with
        {
            Version = Version.TryParse(Of("redis_version"), out var version) ? version : null,
            OtherProduct = Of("server_name") is { } product and not "redis"
                    ? $"{product} {Of($"{product}_version")}".Trim()
                : Of("dragonfly_version") is { } dragonfly ? $"dragonfly {dragonfly}"
                : Of("garnet_version") is { } garnet ? $"garnet {garnet}" : null,
            AofEnabled = Of("aof_enabled") is { } enabled ? enabled == "1" : null,
            AofLastWriteStatus = Of("aof_last_write_status"),
            EvictionPolicy = Of("maxmemory_policy"),
            IsReplica = Of("role") is { } role ? role != "master" : null,
            Replicas = Number(Of("connected_slaves")),
            // INFO has this line only where the server insists on replicas.
            MinReplicasToWrite = Of("min_slaves_good_slaves") is null ? null : 1,
        };

        string? Of(string name) => lines.GetValueOrDefault(name);
    }

    private static int? Number(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private async Task<TimeSpan?> SkewAsync()
    {
        var (before, began) = (time.GetUtcNow(), time.GetTimestamp());
        var (answer, _) = await TryAsync("TIME");
        if (answer is null)
        {
            return null;
        }

        var theirs = (long[])answer!;
        var then = DateTimeOffset.FromUnixTimeMilliseconds((theirs[0] * 1000) + (theirs[1] / 1000));
        // It looked at its clock half way through.
        return before + (time.GetElapsedTime(began) / 2) - then;
    }

    private async Task<(RedisResult? Answer, string? Refusal)> TryAsync(string command, params object[] arguments)
    {
        try
        {
            return (await server.ExecuteAsync(command, arguments), null);
        }
        catch (RedisServerException refused)
        {
            return (null, refused.Message.StartsWith("NOPERM", StringComparison.Ordinal)
                ? $"this user may not ask ({command}), as it should be" : $"the server refuses {command}");
        }
    }
}
