using Gatehouse.Grains.Resilience;
using Gatehouse.Grains.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.Regions;

/// <summary>Registers the region's age and time.</summary>
internal static class RegionsServiceCollectionExtensions
{
    public static IServiceCollection AddRegions(this IServiceCollection services)
    {
        services.AddOptions<RegionOptions>().BindConfiguration("Gatehouse");
        services.TryAddSingleton<IRegionStore, RedisRegionStore>();
        services.TryAddSingleton<RegionMetrics>();
        services.TryAddSingleton<RegionClock>();
        services.AddOptions<GlobalRedisOptions>().BindConfiguration("Gatehouse:GlobalRedis")
            .ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(provider => new GlobalRedisConnection(
            provider.GetRequiredService<IOptions<GlobalRedisOptions>>().Value.ConnectionString,
            provider.GetRequiredKeyedService<StoreGuard>(GuardedStores.Global),
            provider.GetRequiredService<StorageMetrics>()));
        services.TryAddSingleton<IGlobalRegionStore, RedisGlobalRegionStore>();
        services.TryAddSingleton<GlobalStoreHealth>();
        services.TryAddSingleton<RegionHeartbeat>();
        return services;
    }
}
