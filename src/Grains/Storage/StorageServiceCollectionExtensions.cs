using Gatehouse.Grains.Resilience;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Storage;

namespace Gatehouse.Grains.Storage;

/// <summary>Registers what the areas share to reach their store.</summary>
internal static class StorageServiceCollectionExtensions
{
    /// <summary>
    /// Puts <see cref="DurableGrainStorage"/> in front of the provider registered as <paramref name="inner"/>.
    /// </summary>
    public static IServiceCollection AddDurableGrainStorage(this IServiceCollection services, string name, string inner)
    {
        services.TryAddSingleton<StorageMetrics>();
        services.TryAddSingleton<IStoreCommit, NoStoreCommit>();
        return services.AddKeyedSingleton<IGrainStorage>(name, (provider, _) => new DurableGrainStorage(
            provider.GetRequiredKeyedService<IGrainStorage>(inner),
            provider.GetRequiredService<IStoreCommit>(),
            provider.GetRequiredKeyedService<StoreGuard>(GuardedStores.State),
            provider.GetRequiredService<StorageMetrics>()));
    }
}
