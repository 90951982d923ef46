using System.Globalization;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Changes;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Tenants;
using Gatehouse.Grains.Auditing;
using Gatehouse.Grains.Auditing.Archive;
using Gatehouse.Grains.Idempotency;
using Gatehouse.Grains.Membership;
using Gatehouse.Grains.RateLimiting;
using Gatehouse.Grains.RateLimiting.Ceilings;
using Gatehouse.Grains.RateLimiting.Global;
using Gatehouse.Grains.Regions;
using Gatehouse.Grains.Resilience;
using Gatehouse.Grains.SigningKeys;
using Gatehouse.Grains.SigningKeys.Signing;
using Gatehouse.Silo;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Time.Testing;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Storage;
using Orleans.TestingHost;

namespace Gatehouse.Cluster.Tests.Fixtures;

/// <summary>
/// Silos of the real composition over stores in memory, in a time that only the test moves. Stores outlive silos, as
/// they do in the field.
/// </summary>
public sealed class GatehouseCluster : IAsyncDisposable
{
    /// <summary>A key-encryption key.</summary>
    public const string Kek = "xZ1mJZkq3m0Yb1Vh9qTn2rK6sW8uD4fG5hJ7kL0pQwE=";

    private static int _names;

    private readonly Action<RateLimitingOptions>? _configure;
    private readonly short _silos;
    private readonly RegionSetup? _region;
    private InProcessTestCluster? _cluster;
    private bool _recordsKeys;

    private GatehouseCluster(short silos, Action<RateLimitingOptions>? configure, RegionSetup? region = null)
    {
        (_silos, _configure, _region) = (silos, configure, region);
        Time = region?.Time ?? new FakeTimeProvider(new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero));
        (Regions, Counts, Rings) = (new FakeRegionStore(Time), new FakeCeilingStore(Time), new FakeKeyRingStore(Time));
        (Chains, IdempotencyKeys) = (new FakeAuditStore(Rings), new FakeIdempotencyStore(Time));
    }

    public FakeTimeProvider Time { get; }

    internal FakeRegionStore Regions { get; }

    internal FakeCeilingStore Counts { get; }

    internal FakeKeyRingStore Rings { get; }

    internal FakeAuditStore Chains { get; }

    internal FakeAuditArchive Archive { get; } = new();

    internal FakeIdempotencyStore IdempotencyKeys { get; }

    internal AuditArrivals Appends { get; } = new();

    /// <summary>Settings of signing keys, of silos that are started from here on.</summary>
    internal Action<SigningKeysOptions> Keys { get; set; } = options => options.Kek = Kek;

    /// <summary>The same of audit chains.</summary>
    internal Action<AuditOptions> Auditing { get; set; } = options => options.TailMax = 19_500;

    internal FakeTenantStorage Tenants { get; } = new();

    internal FakeChangeAnnouncer Changes { get; } = new();

    public InProcessTestCluster Cluster => _cluster ?? throw new InvalidOperationException("The cluster is not started.");

    public IGrainFactory Grains => Cluster.Client;

    /// <param name="silos">How many.</param>
    /// <param name="configure">Settings of rate limiting.</param>
    /// <param name="regionStoreIsDown">Whether the region's age is not known.</param>
    /// <param name="recordsKeys">Whether audit chains record, behind the tests' backs, what becomes of keys.</param>
    internal static async Task<GatehouseCluster> StartAsync(
        short silos = 2, Action<RateLimitingOptions>? configure = null, bool regionStoreIsDown = false,
        bool recordsKeys = false)
    {
        var cluster = new GatehouseCluster(silos, configure) { _recordsKeys = recordsKeys };
        cluster.Regions.IsDown = regionStoreIsDown;
        await cluster.StartSilosAsync();
        return cluster;
    }

    /// <summary>One region of several: its own stores, and one that it shares with the others.</summary>
    internal static async Task<GatehouseCluster> StartRegionAsync(
        string name, FakeGlobalStore global, FakeTimeProvider time, int regionsMin)
    {
        var cluster = new GatehouseCluster(1, null, new RegionSetup(name, global, time, regionsMin));
        await cluster.StartSilosAsync();
        return cluster;
    }

    public static string NewName(string prefix = "t") =>
        prefix + Interlocked.Increment(ref _names).ToString(CultureInfo.InvariantCulture);

    /// <summary>Stops every silo and starts new ones on the same stores.</summary>
    public async Task RestartAllAsync()
    {
        await Cluster.StopAllSilosAsync();
        await Cluster.DisposeAsync();
        await StartSilosAsync();
    }

    /// <summary>Moves time, and lets every silo see the region and the tenants of now.</summary>
    public async Task AdvanceAsync(TimeSpan time)
    {
        Time.Advance(time);
        await RefreshAsync();
    }

    /// <summary>Moves time on in small steps, for what waits by the clock, until the call has ended.</summary>
    public async Task<T> DriveAsync<T>(Task<T> call)
    {
        while (!call.IsCompleted)
        {
            Time.Advance(TimeSpan.FromMilliseconds(50));
            await Task.WhenAny(call, Task.Delay(1));
        }

        return await call;
    }

    /// <summary>The same until something has happened.</summary>
    public async Task DriveUntilAsync(Func<bool> hasHappened)
    {
        for (var step = 0; !hasHappened(); step++)
        {
            Assert.True(step < 10_000, "It has not happened.");
            Time.Advance(TimeSpan.FromMilliseconds(50));
            await Task.Delay(1);
        }
    }

    public async Task RefreshAsync()
    {
        foreach (var silo in Cluster.Silos)
        {
            await Cluster.GetSiloServiceProvider(silo.SiloAddress).GetRequiredService<RegionClock>().RefreshAsync();
        }
    }

    /// <summary>Says once, from every silo, that the region is alive; a region that is cut off cannot.</summary>
    public async Task BeatAsync()
    {
        foreach (var silo in Cluster.Silos)
        {
            var services = Cluster.GetSiloServiceProvider(silo.SiloAddress);
            await services.GetRequiredService<RegionHeartbeat>().BeatAsync()
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Creates a tenant with one policy and answers the key of a subject of it.</summary>
    public async Task<RateLimitKey> SubjectAsync(RateLimitPolicy policy, string subject = "203.0.113.7")
    {
        var tenant = NewName();
        await Grains.Tenant(tenant).PutAsync(Precondition.Unconditional);
        await PutPolicyAsync(tenant, policy);
        return new RateLimitKey(tenant, "p", SubjectKind.Address, subject);
    }

    /// <summary>Changes the policy, and lets every silo see it.</summary>
    public async Task PutPolicyAsync(string tenant, RateLimitPolicy policy)
    {
        var change = await Grains.Tenant(tenant).PutPolicyAsync("p", policy, Precondition.Unconditional);
        Assert.NotNull(change.Snapshot);
        foreach (var silo in Cluster.Silos)
        {
            var services = Cluster.GetSiloServiceProvider(silo.SiloAddress);
            await services.GetRequiredService<TenantDirectory>().ReadAsync(tenant);
        }
    }

    public ValueTask<RateLimitDecision> CheckAsync(RateLimitKey key, long cost = 1, IGrainFactory? through = null) =>
        (through ?? Grains).RateLimit(key).CheckAsync(cost, null);

    /// <summary>Takes a subject out of memory, as collection does.</summary>
    public async Task ForgetAsync(RateLimitKey key) => await Cluster.DeactivateAsync(Grains.RateLimit(key));

    /// <summary>The silo that holds a subject.</summary>
    public async Task<SiloAddress> HostOfAsync(RateLimitKey key) =>
        (await Grains.GetGrain<IManagementGrain>(0).GetActivationAddress(Grains.RateLimit(key)))!;

    public SiloAddress OtherThan(SiloAddress silo) =>
        Cluster.Silos.First(handle => !handle.SiloAddress.Equals(silo)).SiloAddress;

    internal T Service<T>() where T : notnull =>
        Cluster.GetSiloServiceProvider(Cluster.Silos[0].SiloAddress).GetRequiredService<T>();

    /// <summary>How many of so many calls at once were admitted.</summary>
    public async Task<int> AdmittedAsync(RateLimitKey key, int calls, IGrainFactory? through = null)
    {
        var checks = Enumerable.Range(0, calls).Select(_ => CheckAsync(key, 1, through).AsTask());
        return (await Task.WhenAll(checks)).Count(decision => decision.Allowed);
    }

    public IGrainFactory GrainsOf(SiloAddress silo) =>
        Cluster.GetSiloServiceProvider(silo).GetRequiredService<IGrainFactory>();

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }
    }

    private void TellTime(IServiceCollection services)
    {
        services.Replace(ServiceDescriptor.Singleton<TimeProvider>(Time));
        // That time is moved by leaps, and the process does not stand still.
        services.AddSingleton(new Standstill(TimeProvider.System));
        services.UseTimeProviderForBackgroundAreas(TimeProvider.System);
    }

    private async Task StartSilosAsync()
    {
        var builder = new InProcessTestClusterBuilder(_silos);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((_, silo) =>
        {
            silo.ConfigureGatehouseRuntime();
            TellTime(silo.Services);
            silo.Services.AddSingleton<IRegionStore>(Regions);
            silo.Services.AddSingleton<ICeilingStore>(Counts);
            silo.Services.AddKeyedSingleton<IGrainStorage>("tenants-redis", Tenants);
            JoinRegion(silo.Services);
            silo.Services.AddSingleton<IKeyRingStore>(Rings);
            silo.Services.AddSingleton<IAuditStore>(Chains);
            silo.Services.AddSingleton<IAuditArchive>(Archive);
            silo.Services.AddSingleton<IIdempotencyStore>(IdempotencyKeys);
            silo.AddIncomingGrainCallFilter(Appends);
            silo.Services.Configure(Keys);
            silo.Services.Configure(Auditing);
            silo.UseInMemoryReminderService();
            silo.Services.AddSingleton<IChangeAnnouncer>(Changes);
            silo.Services.AddSingleton<IMembershipReader, FakeMembershipReader>();
            silo.Services.AddGatehouseGrains();
            if (!_recordsKeys)
            {
                silo.Services.RemoveAll<IKeyRingObserver>();
            }

            if (_configure is not null)
            {
                silo.Services.Configure(_configure);
            }
        });
        _cluster = builder.Build();
        await _cluster.DeployAsync();
        Changes.Signers = [.. _cluster.Silos.Select(silo =>
            _cluster.GetSiloServiceProvider(silo.SiloAddress).GetRequiredService<RingSigners>())];
        await RefreshAsync();
    }

    private void JoinRegion(IServiceCollection services)
    {
        if (_region is { } region)
        {
            services.AddSingleton<IGlobalCountStore>(region.Global);
            services.AddSingleton<IGlobalRegionStore>(region.Global);
            services.Configure<RegionOptions>(options => options.Region = region.Name);
            services.Configure<GlobalRedisOptions>(options =>
                (options.ConnectionString, options.RegionsMin) = ("in memory", region.RegionsMin));
        }
    }

    private sealed record RegionSetup(string Name, FakeGlobalStore Global, FakeTimeProvider Time, int RegionsMin);
}
