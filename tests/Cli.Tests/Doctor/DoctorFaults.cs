using Gatehouse.Cli.Doctor;

namespace Gatehouse.Cli.Tests.Doctor;

/// <summary>One fault each, by what is said of it.</summary>
internal sealed class DoctorFaults(DoctorFacts good, RedisPermission need, RedisPermission danger)
{
    private readonly Dictionary<string, (Severity, string, DoctorFacts)> _all = [];

    public static Dictionary<string, (Severity Severity, string Check, DoctorFacts Facts)> Of(
        DoctorFacts good, RedisPermission need, RedisPermission danger)
    {
        var faults = new DoctorFaults(good, need, danger);
        faults.OfSettings();
        faults.OfExposure();
        faults.OfKeys();
        faults.OfRedisUsers();
        faults.OfRedisServers();
        faults.OfArchive();
        return faults._all;
    }

    private void Add(string says, Severity severity, string check, DoctorFacts facts) => _all.Add(says, (severity, check, facts));

    private void OfSettings()
    {
        Settings("Gatehouse:Region must be", Severity.Fail, settings => settings with { Faults = ["Gatehouse:Region must be"] });
        Settings("Gatehouse__Regio is no setting", Severity.Warn,
            settings => settings with { Unknown = [new("Gatehouse__Regio", "Gatehouse__Region")] });
        Settings("holds secrets and can be read by others", Severity.Warn,
            settings => settings with { OpenFiles = ["/etc/gatehouse/appsettings.json"] });
    }

    private void Settings(string says, Severity severity, Func<SettingsFacts, SettingsFacts> change) =>
        Add(says, severity, "settings", good with { Settings = change(good.Settings) });

    private void OfExposure()
    {
        Exposure("/metrics can be read by whoever reaches http://+:80", "listener", e => e with { Urls = ["http://+:80"] });
        Exposure("reaches http://10.0.0.1:80", "listener", e => e with { Urls = ["http://10.0.0.1:80"] });
        Exposure("port 8081 is open at 0.0.0.0", "admin listener",
            e => e with { AdminPort = "8081", AdminAddress = "0.0.0.0" });
        Exposure("open at 0.0.0.0: it serves /metrics without", "health listener", e => e with { HealthAddress = "0.0.0.0" });
        Exposure("127.0.0.1 is this machine", "proxy trust", e => e with { TrustedProxies = ["127.0.0.1", "10.0.0.9"] });
        Exposure("::1 is this machine", "proxy trust", e => e with { TrustedProxies = ["::1"] });
        Exposure("0.0.0.0 is nobody's address", "proxy trust", e => e with { TrustedProxies = ["0.0.0.0"] });
        Add("'10.0.0.0/8' is no exact address", Severity.Fail, "proxy trust",
            good with { Exposure = good.Exposure with { TrustedProxies = ["10.0.0.0/8"] } });
        Add("ASPNETCORE_FORWARDEDHEADERS_ENABLED lets any client", Severity.Fail, "proxy trust",
            good with { Exposure = good.Exposure with { BelievesAnyProxy = true } });
    }

    private void Exposure(string says, string check, Func<ExposureFacts, ExposureFacts> change) =>
        Add(says, Severity.Warn, check, good with { Exposure = change(good.Exposure) });

    private void OfKeys()
    {
        Keys("not set: no admin call succeeds", Severity.Warn, "admin key", k => k with { AdminKey = null });
        Keys("easy to guess: it repeats itself", Severity.Warn, "admin key",
            k => k with { AdminKey = "abcdefghijklabcdefghijklabcdefghijkl" });
        Keys("none that can be used", Severity.Fail, "key-encryption key", k => k with { KekId = null });
        Keys("2 are wrapped under a key-encryption key that is not configured", Severity.Fail, "key rings",
            k => k with { RingsByKek = new Dictionary<string, int> { ["kek-1"] = 3, ["kek-0"] = 2 } });
        Keys("2 still need the previous", Severity.Warn, "key rings", k => k with
        {
            RingsByKek = new Dictionary<string, int> { ["kek-1"] = 3, ["kek-0"] = 2 }, PreviousKekId = "kek-0",
        });
        Keys("none needs the previous", Severity.Warn, "key rings", k => k with { PreviousKekId = "kek-0" });
    }

    private void Keys(string says, Severity severity, string check, Func<KeyFacts, KeyFacts> change) =>
        Add(says, severity, check, good with { Keys = change(good.Keys) });

    private void OfRedisUsers()
    {
        var permissions = new Dictionary<RedisPermission, bool> { [need] = false, [danger] = false };
        User("as gatehouse-data: no answer", Severity.Fail, "redis data", u => u with { Failure = "no answer" });
        User("may not HSET gatehouse:doctor", Severity.Fail, "redis data", u => u with { Permissions = permissions });
        User("may more than it needs: FLUSHALL", Severity.Warn, "redis data", u => u with
        {
            Permissions = new Dictionary<RedisPermission, bool> { [need] = true, [danger] = true },
        });
        User("may do is not known: no script", Severity.Warn, "redis data",
            u => u with { Permissions = null, PermissionsUnknown = "no script" });
        User("the connection is not encrypted", Severity.Warn, "redis data", u => u with { HasTls = false });
        User("is one user for data, state", Severity.Warn, "redis users",
            u => u with { Roles = [RedisRole.Data, RedisRole.State] });
    }

    private void User(string says, Severity severity, string check, Func<RedisUserFacts, RedisUserFacts> change) =>
        Add(says, severity, check, good with { RedisUsers = [change(good.RedisUsers[0])] });

    private void OfRedisServers()
    {
        Server("6.2.7 is too old", Severity.Fail, "version", s => s with { Version = new Version(6, 2, 7) });
        Server("known holes in its Lua", Severity.Warn, "version", s => s with { Version = new Version(7, 2, 4) });
        Server("it is valkey 8.0.1", Severity.Warn, "version", s => s with { OtherProduct = "valkey 8.0.1" });
        Server("INFO is refused", Severity.Unknown, "version", s => s with { Version = null });
        Server("it lets anyone in", Severity.Fail, "default user", s => s with { IsOpen = true });
        Server("it could not be tried", Severity.Unknown, "default user", s => s with { IsOpen = null });
        Server("maxmemory-policy is allkeys-lru", Severity.Fail, "eviction", s => s with { EvictionPolicy = "allkeys-lru" });
        Server("maxmemory-policy is not known", Severity.Unknown, "eviction", s => s with { EvictionPolicy = null });
        Server("this clock is 1.5 s before", Severity.Warn, "clock", s => s with { Skew = TimeSpan.FromSeconds(1.5) });
        Server("this clock is 2 s behind", Severity.Warn, "clock", s => s with { Skew = TimeSpan.FromSeconds(-2) });
        Server("it is a replica", Severity.Fail, "replication", s => s with { IsReplica = true });
        Server("1 replicas, min-replicas-to-write 0", Severity.Warn, "replication", s => s with { MinReplicasToWrite = 0 });
        Server("min-replicas-to-write is not known", Severity.Unknown, "replication",
            s => s with { MinReplicasToWrite = null, ConfigUnknown = "refused" });
        Server("appendonly is no", Severity.Fail, "persistence", s => s with { AofEnabled = false });
        Server("appendonly is not known", Severity.Unknown, "persistence", s => s with { AofEnabled = null });
        Server("aof_last_write_status err", Severity.Fail, "persistence", s => s with { AofLastWriteStatus = "err" });
        Server("appendfsync is everysec", Severity.Warn, "persistence", s => s with { AppendFsync = "everysec" });
        Server("appendfsync is no:", Severity.Fail, "persistence", s => s with { AppendFsync = "no" });
        Server("appendfsync is not known: not asked", Severity.Unknown, "persistence",
            s => s with { AppendFsync = null, ConfigUnknown = "not asked" });
        Server("no-appendfsync-on-rewrite is yes", Severity.Warn, "persistence", s => s with { NoAppendFsyncOnRewrite = "yes" });
    }

    private void Server(string says, Severity severity, string check, Func<RedisServerFacts, RedisServerFacts> change) =>
        Add(says, severity, $"redis server 10.0.0.5:6379 {check}", good with { RedisServers = [change(good.RedisServers[0])] });

    private void OfArchive()
    {
        Archive("no connection", Severity.Fail, a => a with { Failure = "no connection" });
        Archive("cannot be written: read-only", Severity.Fail, a => a with { WriteFailure = "read-only" });
        Archive("is a standby", Severity.Fail, a => a with { IsInRecovery = true });
        Archive("can be read by others", Severity.Warn, a => a with { IsReadableByOthers = true });
        Archive("may be unencrypted", Severity.Warn, a => a with { IsInTheClear = true });
    }

    private void Archive(string says, Severity severity, Func<ArchiveFacts, ArchiveFacts> change) =>
        Add(says, severity, "archive", good with { Archive = change(good.Archive!) });
}
