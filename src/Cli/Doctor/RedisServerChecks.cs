using System.Globalization;

namespace Gatehouse.Cli.Doctor;

/// <summary>Whether a Redis server keeps what it acknowledges, and is one that the product knows.</summary>
internal static class RedisServerChecks
{
    private const string Guide = "docs/operations/redis.md#settings-of-the-server";
    private static readonly Version Oldest = new(7, 0, 0);

    /// <summary>
    /// The first version of each line that has no known hole in its Lua (CVE-2025-49844, which gives whoever may run a
    /// script the server). 7.0.15 has the repair where a distribution brought it back, as Debian 7.0.15-1~deb12u10 did.
    /// </summary>
    private static readonly Version[] Repaired =
        [new(7, 0, 15), new(7, 2, 11), new(7, 4, 6), new(8, 0, 4), new(8, 2, 2)];

    public static IEnumerable<Finding> Of(RedisServerFacts server)
    {
        yield return Version(server);
        yield return Open(server);
        yield return Eviction(server);
        yield return Clock(server);
        foreach (var finding in Replication(server))
        {
            yield return finding;
        }

        // The global Redis holds counts that matter for a window only.
        if (server.Roles.Contains(RedisRole.Data) || server.Roles.Contains(RedisRole.State))
        {
            foreach (var finding in Persistence(server))
            {
                yield return finding;
            }
        }
    }

    private static Finding Version(RedisServerFacts server)
    {
        var check = Named(server, "version");
        if (server.OtherProduct is { } other)
        {
            return Finding.Warn(
                check, $"it is {other}", "the product is tested with Redis; test it with this one yourself");
        }

        if (server.Version is not { } version)
        {
            return Finding.Unknown(check, "not known: INFO is refused", "allow INFO, which the client needs, too");
        }

        if (version < Oldest)
        {
            return Finding.Fail(check, $"{version} is too old", "Redis 7.0 or newer is needed");
        }

        var repaired = Repaired.FirstOrDefault(one => one.Major == version.Major && one.Minor == version.Minor);
        return repaired is not null && version < repaired
            ? Finding.Warn(
                check, $"{version} has known holes in its Lua (CVE-2025-49844 and others)",
                $"update to {repaired} or newer")
            : version == Repaired[0]
                ? Finding.Ok(
                    check, $"{version}; see that it has your distribution's repairs (Debian: deb12u10 or newer)")
            : Finding.Ok(check, $"{version}");
    }

    private static Finding Open(RedisServerFacts server)
    {
        var check = Named(server, "default user");
        return server.IsOpen switch
        {
            true => Finding.Fail(
                check, "it lets anyone in, without a password",
                // Without its rights Redis would not load what scripts have written: docs/adr/0027.
                "in the ACL file: user default off resetpass ~* &* +@all (as deploy/redis/users.acl has it)"),
            false => Finding.Ok(check, "nobody gets in without a password"),
            null => Finding.Unknown(
                check, "not known: it could not be tried", "try it: redis-cli -h <host> PING must be refused"),
        };
    }

    private static Finding Eviction(RedisServerFacts server)
    {
        var check = Named(server, "eviction");
        return server.EvictionPolicy switch
        {
            "noeviction" => Finding.Ok(check, "maxmemory-policy noeviction"),
            null => Finding.Unknown(check, "maxmemory-policy is not known", $"see that it is noeviction ({Guide})"),
            var policy => Finding.Fail(
                check, $"maxmemory-policy is {policy}: an evicted count is a fresh budget, an evicted key ring is lost",
                $"set maxmemory-policy noeviction ({Guide})"),
        };
    }

    private static Finding Clock(RedisServerFacts server)
    {
        var check = Named(server, "clock");
        return server.Skew switch
        {
            null => Finding.Ok(check, "not asked: this user may not, nor needs to"),
            { } skew when skew.Duration() > server.SkewMax => Finding.Warn(
                check,
                $"this clock is {Seconds(skew)} s {(skew > TimeSpan.Zero ? "before" : "behind")} the server's",
                "let both follow the same time servers (NTP): times in events and verdicts are of either"),
            { } skew => Finding.Ok(check, $"{Seconds(skew)} s apart"),
        };
    }

    private static IEnumerable<Finding> Replication(RedisServerFacts server)
    {
        var check = Named(server, "replication");
        if (server.IsReplica is true)
        {
            yield return Finding.Fail(check, "it is a replica, and takes no writes", "name the master");
        }
        else if (server.Replicas is > 0 && server.MinReplicasToWrite is 0)
        {
            yield return Finding.Warn(
                check, $"{server.Replicas} replicas, min-replicas-to-write 0: cut off from them, it goes on "
                    + "acknowledging writes that a fail-over discards",
                "set min-replicas-to-write 1 and min-replicas-max-lag 10");
        }
        else if (server.Replicas is > 0 && server.MinReplicasToWrite is null)
        {
            yield return Finding.Unknown(
                check, $"{server.Replicas} replicas; min-replicas-to-write is not known: {server.ConfigUnknown}",
                "ask as gatehouse-monitor or an administrator: CONFIG GET min-replicas-to-write should be 1 or more");
        }
        else if (server.Replicas is not null)
        {
            yield return Finding.Ok(check, server.Replicas == 0 ? "no replicas"
                : $"{server.Replicas} replicas, min-replicas-to-write {server.MinReplicasToWrite}");
        }
    }

    private static IEnumerable<Finding> Persistence(RedisServerFacts server)
    {
        var check = Named(server, "persistence");
        if (server.AofEnabled is not true)
        {
            yield return server.AofEnabled is null
                ? Finding.Unknown(check, "appendonly is not known", $"see that it is yes ({Guide})")
                : Finding.Fail(
                    check, "appendonly is no: a restart loses signing keys and audit events that were acknowledged",
                    $"set appendonly yes ({Guide})");
            yield break;
        }

        if (server.AofLastWriteStatus is { } status and not "ok")
        {
            yield return Finding.Fail(
                check, $"the last write of the append-only file failed (aof_last_write_status {status})",
                "look at the server's disk and its log: it acknowledges what it cannot keep");
        }

        yield return Fsync(check, server);
        if (server.NoAppendFsyncOnRewrite is "yes")
        {
            yield return Finding.Warn(
                check, "no-appendfsync-on-rewrite is yes: during a rewrite nothing is forced to the disk",
                "set no-appendfsync-on-rewrite no");
        }
    }

    private static Finding Fsync(string check, RedisServerFacts server) => server.AppendFsync switch
    {
        "always" => Finding.Ok(check, "appendonly yes, appendfsync always"),
        "everysec" => Finding.Warn(
            check, "appendfsync is everysec: a power cut loses the last second of what was acknowledged",
            $"set appendfsync always, or accept that ({Guide})"),
        null => Finding.Unknown(
            check, $"appendonly yes; appendfsync is not known: {server.ConfigUnknown}",
            "ask as gatehouse-monitor or an administrator: CONFIG GET appendfsync should be always"),
        var other => Finding.Fail(
            check, $"appendfsync is {other}: a power cut loses what was acknowledged, as much as the system likes",
            $"set appendfsync always ({Guide})"),
    };

    private static string Named(RedisServerFacts server, string what) => $"redis server {server.Address} {what}";

    private static string Seconds(TimeSpan time) =>
        time.Duration().TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
}
