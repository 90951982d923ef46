using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gatehouse.Grains.Idempotency;

/// <summary>Registers idempotency keys.</summary>
internal static class IdempotencyServiceCollectionExtensions
{
    public static IServiceCollection AddIdempotency(this IServiceCollection services)
    {
        services.AddOptions<IdempotencyOptions>().BindConfiguration("Gatehouse:Idempotency")
            .ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton<IIdempotencyStore, RedisIdempotencyStore>();
        services.TryAddSingleton<IdempotencyMetrics>();
        return services;
    }
}
