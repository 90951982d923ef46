using Gatehouse.Grains.Abstractions.Tenants;
using Gatehouse.Grains.Auditing;
using Gatehouse.Grains.Idempotency;
using Gatehouse.Grains.Membership;
using Gatehouse.Grains.RateLimiting;
using Gatehouse.Grains.Regions;
using Gatehouse.Grains.Resilience;
using Gatehouse.Grains.SigningKeys;
using Gatehouse.Grains.SigningKeys.Envelopes;
using Gatehouse.Grains.Storage;
using Gatehouse.Grains.Tenants;
using Gatehouse.Silo.Health;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Persistence;
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
        builder.ConfigureGatehouseHost();
        DevelopmentKek.Provide(builder, options.DataDirectory);
        builder.Services.AddStoreConnections();
        // Before the silo, so that it is the last to stop: grains announce changes until the end.
        builder.Services.AddAnnouncingChanges(options);
        builder.Services.AddGatehouseGrains();
        builder.Services.AddArchivePlace(options);
        builder.Services.AddHostedService<KekCheck>();
        builder.UseOrleans(silo =>
        {
            silo.UseGatehouseClustering(options);
            silo.ConfigureGatehouseRuntime();
            silo.PropagateTraces(builder);
            silo.AddRedisTenantStorage();
            silo.AddRedisReminders();
            silo.UseDashboard(options);
        });

        // Registered after the silo, so started after it: the first read of the region's age is a grain call.
        builder.Services.AddHostedService(provider => provider.GetRequiredService<RegionClock>());
        builder.Services.AddHostedService(provider => provider.GetRequiredService<RegionHeartbeat>());
        builder.Services.AddHostedService(provider => provider.GetRequiredService<MembershipHealth>());
        builder.Services.AddHostedService<StandstillNotice>();
        builder.Services.AddHostedService<SweepStart>();
        builder.Services.AddSiloHealth(options, builder.Configuration);
        return builder;
    }

    /// <summary>Adds a client of a cluster of silos instead.</summary>
    public static IHostApplicationBuilder AddGatehouseClient(
        this IHostApplicationBuilder builder, GatehouseOptions options)
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddTenantDirectory();
        builder.Services.AddRemoteSigning();
        builder.Services.AddListeningChanges(options);
        builder.UseOrleansClient(client =>
        {
            client.UseGatehouseClustering(options);
            client.ConfigureGatehouseRuntime();
            client.PropagateTraces(builder);
            client.UseDashboard(options);
        });
        builder.Services.AddClientHealth();
        return builder;
    }

    /// <summary>Registers every area; the tests call it too, with their own stores put in place first.</summary>
    internal static IServiceCollection AddGatehouseGrains(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        return services
            .AddStoreGuards()
            .AddTenants()
            .AddRegions()
            .AddRateLimiting()
            .AddSigningKeys()
            .AddAuditing()
            .AddIdempotency()
            .AddMembershipWatch()
            .AddDurableGrainStorage(StorageNames.Tenants, inner: RedisTenants);
    }

    private static IServiceCollection AddMembershipWatch(this IServiceCollection services)
    {
        services.TryAddSingleton<IMembershipReader, MembershipReader>();
        return services.AddMembership();
    }

    private static void AddRedisReminders(this ISiloBuilder silo)
    {
        silo.UseRedisReminderService(static _ => { });
        silo.Services.AddOptions<RedisReminderTableOptions>().Configure<IServiceProvider>(static (table, provider) =>
        {
            table.ConfigurationOptions = new ConfigurationOptions();
            table.CreateMultiplexer = _ => Task.FromResult((
                provider.GetRequiredKeyedService<IConnectionMultiplexer>(StoreConnection.State), IsShared: true));
        });
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
