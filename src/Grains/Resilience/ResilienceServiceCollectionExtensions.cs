using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.Resilience;

/// <summary>The stores that have a guard each. The membership table has none: Orleans asks it, rarely and patiently.
/// </summary>
internal static class GuardedStores
{
    /// <summary>Counts and the region's age.</summary>
    public const string Data = "data";

    /// <summary>Grain state.</summary>
    public const string State = "state";

    /// <summary>What regions tell each other.</summary>
    public const string Global = "global";

    /// <summary>The archive of the audit chains.</summary>
    public const string Archive = "archive";

    /// <summary>Searches of it, which can take long: they have places of their own, and the same circuit.</summary>
    public const string ArchiveSearch = "archive_search";
}

/// <summary>Where grain state is.</summary>
/// <param name="IsApart">On a server of its own, or at least for another user.</param>
internal sealed record StateStore(bool IsApart);

/// <summary>Registers one guard per store.</summary>
internal static class ResilienceServiceCollectionExtensions
{
    public static IServiceCollection AddStoreGuards(this IServiceCollection services)
    {
        services.AddOptions<OverloadOptions>().BindConfiguration("Gatehouse:Overload")
            .ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton<OverloadMetrics>();
        services.TryAddSingleton<Standstill>();
        foreach (var store in new[] { GuardedStores.Data, GuardedStores.State, GuardedStores.Global })
        {
            services.TryAddKeyedSingleton(
                store, static (provider, name) => CreateCircuit(provider, (string)name!, Bounds(provider)));
            services.TryAddKeyedSingleton(store, static (provider, name) => CreateGuard(
                provider, (string)name!, CircuitOf((string)name!, provider), Bounds(provider), FailureRules.Redis));
        }

        return services;
    }

    /// <summary>Registers the guard of a store with bounds and reasons of its own.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="store">The store.</param>
    /// <param name="circuit">Whose circuit it has.</param>
    /// <param name="bounds">Its bounds.</param>
    /// <param name="rules">Its reasons.</param>
    public static IServiceCollection AddStoreGuard(
        this IServiceCollection services, string store, string circuit, Func<IServiceProvider, OverloadOptions> bounds,
        FailureRules rules)
    {
        services.TryAddKeyedSingleton(
            circuit, (provider, name) => CreateCircuit(provider, (string)name!, bounds(provider)));
        services.TryAddKeyedSingleton(
            store, (provider, _) => CreateGuard(provider, store, circuit, bounds(provider), rules));
        return services;
    }

    private static OverloadOptions Bounds(IServiceProvider provider) =>
        provider.GetRequiredService<IOptions<OverloadOptions>>().Value;

    /// <summary>One server, one circuit: calls of one grain fail one by one, and would find out late.</summary>
    private static string CircuitOf(string store, IServiceProvider provider) =>
        store == GuardedStores.State && provider.GetService<StateStore>() is not { IsApart: true }
            ? GuardedStores.Data
            : store;

    private static StoreGuard CreateGuard(
        IServiceProvider provider, string store, string circuit, OverloadOptions bounds, FailureRules rules)
    {
        var metrics = provider.GetRequiredService<OverloadMetrics>();
        var time = provider.GetRequiredService<TimeProvider>();
        return new StoreGuard(
            store, new StoreGate(store, bounds, metrics, time, rules),
            provider.GetRequiredKeyedService<CircuitBreaker>(circuit), bounds, metrics, time,
            provider.GetRequiredService<Standstill>(), rules);
    }

    private static CircuitBreaker CreateCircuit(IServiceProvider provider, string store, OverloadOptions options)
    {
        var metrics = provider.GetRequiredService<OverloadMetrics>();
        metrics.WatchCircuit(store);
        return new CircuitBreaker(
            store,
            options.Circuit,
            metrics,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<CircuitBreaker>>());
    }
}
