using Gatehouse.AspNetCore.Auditing;
using Gatehouse.AspNetCore.Http;
using Gatehouse.AspNetCore.Idempotency;
using Gatehouse.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Gatehouse.AspNetCore;

/// <summary>Makes a service one that uses a Gatehouse.</summary>
public static class GatehouseServiceCollectionExtensions
{
    /// <summary>
    /// Adds the client (<see cref="GatehouseClient"/>), claims of idempotency keys (<see cref="IIdempotencyClaims"/>),
    /// the audit writer (<see cref="IAuditWriter"/>) and what <c>UseGatehouseRateLimiting</c> needs, with the settings
    /// of the section <c>Gatehouse</c> (<see cref="GatehouseOptions"/>). May be called again.
    /// </summary>
    public static IServiceCollection AddGatehouse(this IServiceCollection services)
    {
        services.AddOptions<GatehouseOptions>().BindConfiguration(GatehouseOptions.Section);
        return services.AddAreas();
    }

    /// <summary>The same, with the settings that are given here and no others.</summary>
    /// <param name="services">The service's services.</param>
    /// <param name="configure">Sets the tenant, the key and where Gatehouse is.</param>
    public static IServiceCollection AddGatehouse(
        this IServiceCollection services, Action<GatehouseOptions> configure)
    {
        services.AddOptions<GatehouseOptions>().Configure(configure);
        return services.AddAreas();
    }

    private static IServiceCollection AddAreas(this IServiceCollection services)
    {
        // A second pipeline around the first would try every call as often as both together.
        if (services.Any(static service => service.ServiceType == typeof(GatehouseClient)))
        {
            return services;
        }

        services.AddOptions<GatehouseOptions>().ValidateOnStart();
        services.AddSingleton<IValidateOptions<GatehouseOptions>, GatehouseOptionsCheck>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddGatehouseClient();
        services.TryAddSingleton<IIdempotencyClaims, HttpIdempotencyClaims>();
        services.AddGatehouseRateLimiting();
        services.AddGatehouseAuditing();
        return services;
    }
}
