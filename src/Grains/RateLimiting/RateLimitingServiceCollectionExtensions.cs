using Gatehouse.Grains.RateLimiting.Ceilings;
using Gatehouse.Grains.RateLimiting.Global;
using Gatehouse.Grains.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gatehouse.Grains.RateLimiting;

/// <summary>Registers rate limiting.</summary>
internal static class RateLimitingServiceCollectionExtensions
{
    public static IServiceCollection AddRateLimiting(this IServiceCollection services)
    {
        services.AddOptions<RateLimitingOptions>().BindConfiguration("Gatehouse:RateLimiting")
            .ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton<TrackedSubjects>();
        services.TryAddSingleton<SubjectDeparture>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(
            provider => provider.GetRequiredService<SubjectDeparture>());
        services.TryAddSingleton<RateLimitingMetrics>();
        services.TryAddSingleton<CeilingMetrics>();
        services.TryAddSingleton<StoreHealth>();
        services.TryAddSingleton<ICeilingStore, RedisCeilingStore>();
        services.TryAddSingleton<CeilingServices>();
        services.TryAddSingleton<IGlobalCountStore, RedisGlobalCountStore>();
        services.TryAddSingleton<GlobalServices>();
        return services;
    }
}
