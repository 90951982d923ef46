using Gatehouse.Grains.Changes;
using Gatehouse.Grains.Membership;
using Gatehouse.Grains.Resilience;
using Gatehouse.Grains.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans;
using StackExchange.Redis;

namespace Gatehouse.Silo.Health;

/// <summary>Registers health. Call it last: the first look at everything comes when all else has started.</summary>
internal static class HealthServiceCollectionExtensions
{
    public static IServiceCollection AddSiloHealth(
        this IServiceCollection services, GatehouseOptions options, IConfiguration configuration)
    {
        // In memory where there is one process.
        var hasTable = options.Topology is not Topology.Embedded;
        services.AddSingleton<IClusterPresence, SiloPresence>();
        services.AddSingleton<IStartupStep, StoreScripts>();
        services.AddSingleton(static provider => CheckedConnection.Of(
            "data", provider.GetRequiredService<IConnectionMultiplexer>, GuardOf(provider, GuardedStores.Data)));
        services.AddSingleton<IDependencyCheck, SiloCheck>();
        services.AddSingleton<IDependencyCheck>(provider => new MembershipCheck(
            provider.GetRequiredService<MembershipHealth>(),
            hasTable ? [Keyed(provider, "membership", StoreConnection.Membership)] : []));
        services.AddSingleton<IDependencyCheck>(static provider => new PingCheck(
            CheckNames.Redis, provider.GetRequiredService<CheckedConnection>(),
            Keyed(provider, "state", StoreConnection.State, GuardOf(provider, GuardedStores.State))));
        if (!string.IsNullOrEmpty(configuration["Gatehouse:GlobalRedis:ConnectionString"]))
        {
            services.AddSingleton<IDependencyCheck>(static provider => new PingCheck(
                CheckNames.GlobalRedis,
                new CheckedConnection("global", provider.GetRequiredService<GlobalRedisConnection>().ConnectAsync)));
        }

        services.AddSingleton<IDependencyCheck, ArchiveCheck>();
        services.AddSingleton<IDependencyCheck>(static provider =>
            provider.GetRequiredService<StoreAddress>().NeedsCommit
                ? ActivatorUtilities.CreateInstance<EmbeddedPersistenceCheck>(provider)
                : ActivatorUtilities.CreateInstance<PersistenceCheck>(provider));
        return services.AddHealth();
    }

    /// <summary>A client reaches the regional Redis over the change channel's connection only.</summary>
    public static IServiceCollection AddClientHealth(this IServiceCollection services)
    {
        services.AddSingleton<GatewayCount>();
        services.AddSingleton<IClusterPresence>(static provider => provider.GetRequiredService<GatewayCount>());
        services.AddSingleton<IClusterConnectionStatusObserver>(
            static provider => provider.GetRequiredService<GatewayCount>());
        services.AddSingleton(static provider => new CheckedConnection("changes", async () =>
            (await provider.GetRequiredService<ChangeConnection>().ConnectAsync()).GetDatabase()));
        services.AddSingleton<IDependencyCheck, GatewayCheck>();
        services.AddSingleton<IDependencyCheck>(static provider => new PingCheck(
            CheckNames.Membership, Keyed(provider, "membership", StoreConnection.Membership)));
        services.AddSingleton<IDependencyCheck>(static provider =>
            new PingCheck(CheckNames.Redis, provider.GetRequiredService<CheckedConnection>()));
        services.AddSingleton<IDependencyCheck, PersistenceCheck>();
        return services.AddHealth();
    }

    private static IServiceCollection AddHealth(this IServiceCollection services)
    {
        services.AddOptions<HealthOptions>().BindConfiguration("Gatehouse:Health")
            .PostConfigure<IConfiguration>(AddNamesOfOneValue)
            .ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IDependencyCheck, ChangesCheck>();
        services.AddSingleton<IDependencyCheck, ClockCheck>();
        services.AddSingleton<HealthMetrics>();
        services.AddSingleton<Startup>();
        services.AddSingleton<HealthSampler>();
        services.AddSingleton<Readiness>();
        services.AddSingleton<DependencyReport>();
        services.AddSingleton<Watchdog>();
        services.AddHostedService(static provider => provider.GetRequiredService<Watchdog>());
        return services.AddHostedService<HealthSampling>();
    }

    /// <summary>
    /// An environment variable <c>Gatehouse__Health__UnreadyOn=redis,archive</c>: the binder would pass it over, and
    /// nobody would know until the day it counts.
    /// </summary>
    private static void AddNamesOfOneValue(HealthOptions options, IConfiguration configuration)
    {
        var value = configuration["Gatehouse:Health:UnreadyOn"] ?? "";
        const StringSplitOptions Trimmed = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;
        foreach (var name in value.Split(',', Trimmed))
        {
            options.UnreadyOn.Add(name);
        }
    }

    private static CheckedConnection Keyed(
        IServiceProvider provider, string name, string connection, StoreGuard? guard = null) =>
        CheckedConnection.Of(name, () => provider.GetRequiredKeyedService<IConnectionMultiplexer>(connection), guard);

    private static StoreGuard GuardOf(IServiceProvider provider, string store) =>
        provider.GetRequiredKeyedService<StoreGuard>(store);
}
