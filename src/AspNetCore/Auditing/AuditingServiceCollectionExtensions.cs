using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gatehouse.AspNetCore.Auditing;

/// <summary>Registers the audit writer and its sender.</summary>
internal static class AuditingServiceCollectionExtensions
{
    public static void AddGatehouseAuditing(this IServiceCollection services)
    {
        services.TryAddSingleton<AuditingMetrics>();
        services.TryAddSingleton<AuditQueue>();
        services.TryAddSingleton<IAuditWriter, AuditWriter>();
        services.AddHostedService<AuditSender>();
    }
}
