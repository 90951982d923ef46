using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.Operations;

/// <summary>What uses <see cref="OperationsSystem"/> runs one after the other, and beside no other test.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class OperationsRuns : ICollectionFixture<OperationsSystem>
{
    public const string Name = "operations";
}

/// <summary>
/// A region as it is deployed: three silos, an API host that is their client, Redis with a replica, a global Redis, a
/// PostgreSQL archive; and what watches it: exporters, Prometheus with the shipped rules, Alertmanager. All are real.
/// </summary>
public sealed class OperationsSystem : IAsyncLifetime
{
    private const int Silos = 3;
    private static readonly TimeSpan SeenWithin = TimeSpan.FromSeconds(60);

    private readonly TempFolder _folder = new();
    private readonly PostgresServer _postgres = new();
    private readonly int _adminPort = Ports.Free();
    private readonly int[] _healthPorts = [.. Enumerable.Range(0, Silos).Select(_ => Ports.Free())];
    private readonly GatehouseProcess?[] _silos = new GatehouseProcess?[Silos];
    private readonly List<IAsyncDisposable> _started = [];
    private Dictionary<string, string> _settings = [];
    private Task? _failed;

    internal RedisServer Redis { get; private set; } = null!;

    /// <summary>Of its exporter.</summary>
    internal string RedisInstance { get; private set; } = "";

    internal RedisServer GlobalRedis { get; private set; } = null!;

    internal PostgresServer Archive => _postgres;

    internal GatehouseProcess Api { get; private set; } = null!;

    internal PrometheusServer Prometheus { get; private set; } = null!;

    internal OperationsTraffic Traffic { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var archive = _postgres.NewDatabaseAsync();
        (Redis, GlobalRedis) = (Add(await RedisServer.StartAsync()), Add(await RedisServer.StartGlobalAsync()));
        var replica = Add(await Redis.StartReplicaAsync());
        _settings = Settings(await archive);
        await Task.WhenAll(Enumerable.Range(0, Silos).Select(StartSiloAsync));
        Api = Add(await GatehouseProcess.StartAsync(
            _folder.Path, new Dictionary<string, string>(_settings) { ["Gatehouse:Admin:Port"] = $"{_adminPort}" }));
        await WatchAsync(Redis, replica, GlobalRedis);
        Traffic = Add(new OperationsTraffic(Api));
        // Until then hosts remember no refusals.
        await SeenAsync("min(gatehouse_changes_current) == 1");
        await Traffic.UseEverythingAsync();
        Traffic.KeepGoing();
        // Before anything is killed: what only that silo has counted would be gone with it.
        await SeenAsync("gatehouse_keys_promotion_wait_seconds_count");
    }

    /// <summary>Starts a silo, in the place of one that is gone.</summary>
    internal async Task StartSiloAsync(int index)
    {
        var settings = new Dictionary<string, string>(_settings) { ["Gatehouse:Silo:HealthPort"] = $"{_healthPorts[index]}" };
        settings.Remove("Gatehouse:Topology");
        _silos[index] = Add(await GatehouseProcess.StartSiloAsync(_folder.Path, settings));
    }

    internal GatehouseProcess Silo(int index) => _silos[index]!;

    internal string SiloInstance(int index) => $"127.0.0.1:{_healthPorts[index]}";

    /// <summary>Where a process says what it needs; an API host, at its listener for operators.</summary>
    internal string DependenciesOf(GatehouseProcess process) =>
        process == Api ? $"http://127.0.0.1:{_adminPort}/health/dependencies" : "/health/dependencies";

    /// <summary>
    /// Every fault for as long as it takes until Prometheus has seen what it causes. What a fault that is over has caused
    /// stays known, so it is done once.
    /// </summary>
    internal Task FailBrieflyAsync() => _failed ??= FailAsync();

    /// <summary>Waits until an expression yields something that is a number.</summary>
    internal Task SeenAsync(string expression) => Eventually.HoldsAsync(
        async () => (await Prometheus.QueryAsync(expression)).Count > 0, SeenWithin);

    public async ValueTask DisposeAsync()
    {
        try
        {
            foreach (var started in Enumerable.Reverse(_started))
            {
                await started.DisposeAsync();
            }
        }
        finally
        {
            await _postgres.DisposeAsync();
            _folder.Dispose();
        }
    }

    private async Task FailAsync()
    {
        await Traffic.ForgetAsync(ForgetAsync);
        await StoreHangsAsync();
        await ArchiveAndGlobalStoreAreAwayAsync();
        await SiloHangsAsync();
        await SiloIsLostAsync();
    }

    private async Task StoreHangsAsync()
    {
        await Redis.PauseAsync();
        try
        {
            await Traffic.BurstAsync("hangs");
            await SeenAsync("gatehouse_redis_pool_timeouts_total");
            await SeenAsync("gatehouse_circuit_rejections_total");
            await SeenAsync("gatehouse_keys_lease_renewals_total{outcome=\"failed\"}");
            await SeenAsync("gatehouse_membership_read_failures_total");
        }
        finally
        {
            await Redis.ContinueAsync();
        }

        await SeenAsync("gatehouse_circuit_open_duration_seconds_count");
    }

    private async Task ArchiveAndGlobalStoreAreAwayAsync()
    {
        await Task.WhenAll(Archive.KillAsync(), GlobalRedis.KillAsync());
        await Traffic.BurstAsync("waits");
        await SeenAsync("gatehouse_audit_seal_failures_total");
        await SeenAsync("gatehouse_region_heartbeat_failures_total");
        await Task.WhenAll(Archive.RunAsync(), GlobalRedis.StartAgainAsync());
    }

    /// <summary>For as long as its callers wait, which is shorter than until the others declare it dead.</summary>
    private async Task SiloHangsAsync()
    {
        Signals.Send(Silo(0).Id, Signals.Stop);
        Task burst;
        try
        {
            burst = Traffic.BurstAsync("stopped");
            await SeenAsync("orleans_app_requests_timedout_total");
        }
        finally
        {
            Signals.Send(Silo(0).Id, Signals.Continue);
        }

        await burst;
    }

    private async Task SiloIsLostAsync()
    {
        await Silo(2).KillAsync();
        await Traffic.BurstAsync("lost");
        await SeenAsync("orleans_messaging_rejected_total");
        await StartSiloAsync(2);
        await SeenAsync($"count(up{{job=\"gatehouse-silo\"}} == 1) == {Silos}");
    }

    /// <summary>Deletes keys, as a Redis that was restored from an older copy lacks them.</summary>
    private async Task ForgetAsync(string pattern)
    {
        await using var admin = await Redis.ConnectAsync();
        await foreach (var key in admin.GetServers()[0].KeysAsync(pattern: pattern))
        {
            await admin.GetDatabase().KeyDeleteAsync(key);
        }
    }

    private async Task WatchAsync(params RedisServer[] stores)
    {
        var exporters = await Task.WhenAll(stores.Select(RedisExporter.StartAsync));
        _started.AddRange(exporters);
        RedisInstance = exporters[0].Address;
        var alertmanager = Add(await AlertmanagerServer.StartAsync());
        var address = $"127.0.0.1:{Ports.Free()}";
        Prometheus = Add(await PrometheusServer.StartAsync(
            PrometheusFiles.All(
                new Dictionary<string, string[]>
                {
                    ["gatehouse-api"] = [$"127.0.0.1:{_adminPort}"],
                    ["gatehouse-silo"] = [.. Enumerable.Range(0, Silos).Select(SiloInstance)],
                    ["redis"] = [.. exporters.Select(exporter => exporter.Address)],
                    ["prometheus"] = [address],
                    ["alertmanager"] = [alertmanager.Address],
                },
                alertmanager.Address),
            address));
    }

    private Dictionary<string, string> Settings(string archive) => new(Redis.Settings)
    {
        ["Gatehouse:Topology"] = "Client",
        ["Gatehouse:Region"] = "eu-west-1",
        ["Gatehouse:GlobalRedis:ConnectionString"] = GlobalRedis.ConnectionStringOf("gatehouse-global"),
        // One more than there are: a share of a global limit that is soon used up, so that counts are exchanged.
        ["Gatehouse:GlobalRedis:RegionsMin"] = "2",
        ["Gatehouse:Archive:Provider"] = "Postgres",
        ["Gatehouse:Archive:ConnectionString"] = archive,
        ["Gatehouse:Archive:Timeout"] = "00:00:02",
        ["Gatehouse:Health:Period"] = "00:00:01",
        ["Gatehouse:Audit:CheckpointPeriod"] = "00:00:01",
        ["Gatehouse:SigningKeys:PropagationWindow"] = "00:00:10",
        ["Gatehouse:SigningKeys:LeaseDuration"] = "00:00:01",
        // Few places, so that a store that hangs has callers who find none.
        ["Gatehouse:Overload:StoreInFlightMax"] = "16",
    };

    private T Add<T>(T started)
        where T : IAsyncDisposable
    {
        lock (_started)
        {
            _started.Add(started);
        }

        return started;
    }
}
