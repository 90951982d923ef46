using Gatehouse.Grains.Abstractions.Tenants;
using Gatehouse.Grains.RateLimiting;
using Gatehouse.Grains.Regions;
using Gatehouse.Grains.Storage;
using Gatehouse.Grains.Tenants;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Persistence;
using Orleans.Storage;
using StackExchange.Redis;

namespace Gatehouse.Silo;

/// <summary>Composes a silo, or a client of silos. No rules here: what the parts do is in Gatehouse.Grains.</summary>
public static class SiloHosting
{
    private const string RedisTenants = "tenants-redis";

    /// <summary>Adds a silo with all grains. The caller registers the <see cref="StoreAddress"/>.</summary>
    public static IHostApplicationBuilder AddGatehouseSilo(
        this IHostApplicationBuilder builder, GatehouseOptions options)
    {
        builder.Services.AddStoreConnections();
        // Before the silo, so that it is the last to stop: grains announce changes until the end.
        builder.Services.AddAnnouncingChanges(options);
        builder.Services.AddGatehouseGrains();
        builder.UseOrleans(silo =>
        {
            silo.UseGatehouseClustering(options);
            silo.ConfigureGatehouseRuntime();
            silo.AddRedisTenantStorage();
        });

        // Registered after the silo, so started after it: the first read of the region's age is a grain call.
        builder.Services.AddHostedService(provider => provider.GetRequiredService<RegionClock>());
        builder.Services.AddHostedService(provider => provider.GetRequiredService<RegionHeartbeat>());
        builder.Services.AddHealthChecks()
            .AddCheck<SiloHealthCheck>("silo", tags: ["ready"])
            .AddCheck<StoreHealthCheck>("store", tags: ["ready"]);
        return builder;
    }

    /// <summary>Adds a client of a cluster of silos instead.</summary>
    public static IHostApplicationBuilder AddGatehouseClient(
        this IHostApplicationBuilder builder, GatehouseOptions options)
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddTenantDirectory();
        builder.Services.AddListeningChanges(options);
        builder.Services.AddHealthChecks();
        builder.UseOrleansClient(client =>
        {
            client.UseGatehouseClustering(options);
            client.Configure<ClientMessagingOptions>(messaging => messaging.ResponseTimeout = TimeSpan.FromSeconds(5));
        });
        return builder;
    }

    /// <summary>Registers every area; the tests call it too, with their own stores put in place first.</summary>
    internal static IServiceCollection AddGatehouseGrains(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        return services
            .AddTenants()
            .AddRegions()
            .AddRateLimiting()
            .AddDurableGrainStorage(StorageNames.Tenants, inner: RedisTenants);
    }

    /// <summary>The runtime options of this workload, each with its reason.</summary>
    internal static ISiloBuilder ConfigureGatehouseRuntime(this ISiloBuilder silo)
    {
        silo.Configure<GrainCollectionOptions>(collection =>
        {
            // Counters leave a window after their last call (they ask for longer windows themselves): a flood of
            // addresses is gone two windows later. Above 80 % of memory the least used leave earlier; their counts go
            // to the store.
            collection.CollectionQuantum = TimeSpan.FromSeconds(20);
            collection.ClassSpecificCollectionAge[typeof(RateLimitGrain).FullName!] = TimeSpan.FromMinutes(1);
            collection.EnableActivationSheddingOnMemoryPressure = true;
        });
        silo.Configure<SiloMessagingOptions>(messaging =>
        {
            messaging.ResponseTimeout = TimeSpan.FromSeconds(5);
            messaging.CancelRequestOnTimeout = true;
            // Unbounded by default. A check takes microseconds, so a queue this long means that the grain is stuck.
            messaging.MaxEnqueuedRequestsHardLimit = 5000;
        });
        silo.Services.AddSingleton<IGrainStorageSerializer, JsonStateSerializer>();
        return silo;
    }

    private static void AddRedisTenantStorage(this ISiloBuilder silo) => silo.AddRedisGrainStorage(
        RedisTenants,
        options => options.Configure<IServiceProvider>(static (storage, provider) =>
        {
            storage.ConfigurationOptions = new ConfigurationOptions();
            storage.CreateMultiplexer = _ => Task.FromResult((
                provider.GetRequiredKeyedService<IConnectionMultiplexer>(StoreConnection.State), IsShared: true));
        }));
}
