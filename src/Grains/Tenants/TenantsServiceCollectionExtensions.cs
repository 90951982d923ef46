using Gatehouse.Grains.Abstractions.Tenants;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.Tenants;

/// <summary>Registers tenants, declared and stored.</summary>
internal static class TenantsServiceCollectionExtensions
{
    public static IServiceCollection AddTenants(this IServiceCollection services)
    {
        services.AddOptions<TenantsOptions>().BindConfiguration("Gatehouse:Tenants").ValidateOnStart();
        services.TryAddSingleton<TenantMetrics>();
        services.TryAddSingleton<TenantDirectory>();
        services.TryAddSingleton(provider =>
            provider.GetRequiredService<IOptions<TenantsOptions>>().Value.Path is { Length: > 0 } path
                ? DeclaredTenantsReader.Read(path, provider.GetRequiredService<TimeProvider>().GetUtcNow())
                : DeclaredTenants.None);
        return services;
    }
}
