using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Auditing.Archive;
using Gatehouse.Grains.Regions;
using Gatehouse.Grains.SigningKeys;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gatehouse.Grains.Auditing;

/// <summary>Registers the audit chains.</summary>
internal static class AuditingServiceCollectionExtensions
{
    public static IServiceCollection AddAuditing(this IServiceCollection services)
    {
        services.AddOptions<AuditOptions>().BindConfiguration("Gatehouse:Audit")
            .ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton<IAuditStore, RedisAuditStore>();
        services.TryAddSingleton<AuditMetrics>();
        services.TryAddSingleton<ChainSealer>();
        services.TryAddSingleton<ChainTidier>();
        services.TryAddSingleton<ChainRepairer>();
        services.AddSingleton<IKeyRingObserver, KeyChangeRecorder>();
        services.AddSingleton(static provider => new RegionSweep(
            static (grains, region) => grains.AuditChains(region).WatchAsync(),
            provider.GetRequiredService<AuditMetrics>().UpkeepFailed));
        return services.AddAuditArchive();
    }
}
