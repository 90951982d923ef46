using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.Clusters;

/// <summary>
/// One region of real processes: a Redis, silos and API hosts, and an archive if its layout says so; all on loopback and on
/// free ports.
/// </summary>
internal sealed class ChaosCluster : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly List<(string Name, GatehouseProcess Process)> _started = [];
    private readonly Dictionary<string, string> _settings;

    private ChaosCluster(ClusterLayout layout, RedisServer redis)
    {
        (Region, Redis) = (layout.Region, redis);
        Silos = new GatehouseProcess[layout.Silos];
        Hosts = new GatehouseProcess[layout.Hosts];
        Network = layout.HasStandby ? new DelayingProxy(redis.Port, TimeSpan.Zero) : null;
        _settings = new Dictionary<string, string>(layout.Settings.Concat(redis.Settings.Select(Addressed)))
        {
            ["Gatehouse:Region"] = layout.Region,
            ["Gatehouse:Topology"] = layout.Silos == 0 ? "CoHosted" : "Client",
            // All callers come from one address, and for few tenants.
            ["Gatehouse:Http:ClientRequestsPerSecond"] = "0",
            ["Gatehouse:Http:TenantRequestsPerSecond"] = "0",
        };
    }

    public string Region { get; }

    public RedisServer Redis { get; }

    /// <summary>The address of Redis, where another one can take it over.</summary>
    public DelayingProxy? Network { get; }

    /// <summary>The replica that can.</summary>
    public RedisServer? Standby { get; private set; }

    public PostgresServer ArchiveServer { get; } = new();

    /// <summary>The connection string of the archive, where it is a server.</summary>
    public string? Archive { get; private set; }

    public GatehouseProcess[] Silos { get; }

    public GatehouseProcess[] Hosts { get; }

    /// <summary>What every process said, those that are gone too.</summary>
    public IEnumerable<(string Name, string Output)> Outputs
    {
        get
        {
            lock (_started)
            {
                return [.. _started.Select(process => (process.Name, process.Process.Output))];
            }
        }
    }

    public static async Task<ChaosCluster> StartAsync(ClusterLayout layout)
    {
        var cluster = new ChaosCluster(layout, await RedisServer.StartOnSmallDiskAsync());
        try
        {
            if (layout.HasStandby)
            {
                cluster.Standby = await cluster.Redis.StartReplicaAsync();
            }

            if (layout.HasArchiveServer)
            {
                cluster.Archive = await cluster.ArchiveServer.NewDatabaseAsync();
                cluster._settings["Gatehouse:Archive:Provider"] = "Postgres";
                cluster._settings["Gatehouse:Archive:ConnectionString"] = cluster.Archive;
            }

            // Hosts that are clients start when there is a silo to connect to.
            await Task.WhenAll(Enumerable.Range(0, layout.Silos).Select(cluster.StartSiloAsync));
            await Task.WhenAll(Enumerable.Range(0, layout.Hosts).Select(cluster.StartHostAsync));
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a silo, in the place of one that is gone.</summary>
    public Task StartSiloAsync(int index) => StartSiloAsync(index, []);

    /// <summary>The same for one whose clock is wrong.</summary>
    public Task StartSiloAsync(int index, TimeSpan ahead) => StartSiloAsync(index, WrongClock.Settings(ahead));

    private async Task StartSiloAsync(int index, Dictionary<string, string> more)
    {
        var settings = new Dictionary<string, string>(_settings.Concat(more));
        settings.Remove("Gatehouse:Topology");
        Silos[index] = await GatehouseProcess.StartSiloAsync(_folder.Path, settings);
        Add($"silo-{index}", Silos[index]);
    }

    /// <summary>Starts an API host, in the place of one that is gone.</summary>
    public async Task StartHostAsync(int index)
    {
        Hosts[index] = await GatehouseProcess.StartAsync(_folder.Path, _settings);
        Add($"host-{index}", Hosts[index]);
    }

    public async Task PutTenantAsync(string tenant)
    {
        var (status, body) = await Hosts[0].PutTenantAsync(tenant);
        Assert.True(status is 200 or 201, $"{status} {body}");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (_, process) in _started)
        {
            await process.DisposeAsync();
        }

        if (Network is not null)
        {
            await Network.DisposeAsync();
        }

        if (Standby is not null)
        {
            await Standby.DisposeAsync();
        }

        await Redis.DisposeAsync();
        await ArchiveServer.DisposeAsync();
        _folder.Dispose();
    }

    private KeyValuePair<string, string> Addressed(KeyValuePair<string, string> setting) => Network is null ? setting : new(
        setting.Key, setting.Value.Replace($":{Redis.Port}", $":{Network.Port}", StringComparison.Ordinal));

    private void Add(string name, GatehouseProcess process)
    {
        lock (_started)
        {
            _started.Add(($"{Region} {name} (process {process.Id})", process));
        }
    }
}
