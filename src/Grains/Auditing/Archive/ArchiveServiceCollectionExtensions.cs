using Gatehouse.Grains.Regions;
using Gatehouse.Grains.Resilience;
using Gatehouse.Grains.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.Auditing.Archive;

/// <summary>Registers the archive. Nothing of it is asked at the start, which needs no archive that is up.</summary>
internal static class ArchiveServiceCollectionExtensions
{
    public static IServiceCollection AddAuditArchive(this IServiceCollection services)
    {
        services.AddOptions<ArchiveOptions>().BindConfiguration("Gatehouse:Archive")
            .ValidateDataAnnotations().ValidateOnStart();
        services.AddStoreGuard(
            GuardedStores.Archive, GuardedStores.Archive, static provider => Bounds(provider, ofSearches: false),
            ArchiveFailure.Rules);
        services.AddStoreGuard(
            GuardedStores.ArchiveSearch, GuardedStores.Archive, static provider => Bounds(provider, ofSearches: true),
            ArchiveFailure.Rules);
        services.TryAddSingleton(static provider =>
            Open(provider.GetRequiredService<IOptions<ArchiveOptions>>().Value));
        services.TryAddSingleton<ArchiveSchema>();
        services.TryAddSingleton(static provider => new ArchiveConnection(
            provider.GetRequiredService<IArchiveDatabase>(), provider.GetRequiredService<ArchiveSchema>(),
            provider.GetRequiredKeyedService<StoreGuard>(GuardedStores.Archive),
            provider.GetRequiredKeyedService<StoreGuard>(GuardedStores.ArchiveSearch),
            provider.GetRequiredService<IOptions<ArchiveOptions>>().Value,
            provider.GetRequiredService<StorageMetrics>(), provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<IAuditArchive>(static provider => new SqlAuditArchive(
            provider.GetRequiredService<IOptions<RegionOptions>>().Value.Region,
            provider.GetRequiredService<ArchiveConnection>()));
        return services;
    }

    /// <summary>The database that the settings name; nothing is asked of it yet.</summary>
    internal static IArchiveDatabase Open(ArchiveOptions options) => options.Provider is ArchiveProvider.Postgres
        ? new PostgresArchive(
            options.ConnectionString, options.Timeout, connectionsMin: options.InFlightMax + (options.InFlightMax / 2))
        : new SqliteArchive(options.ConnectionString, options.Timeout);

    private static OverloadOptions Bounds(IServiceProvider provider, bool ofSearches) =>
        provider.GetRequiredService<IOptions<ArchiveOptions>>().Value.Bounds(
            provider.GetRequiredService<IOptions<OverloadOptions>>().Value, ofSearches);
}
