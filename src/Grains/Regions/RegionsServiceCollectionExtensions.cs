using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

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
        return services;
    }
}
