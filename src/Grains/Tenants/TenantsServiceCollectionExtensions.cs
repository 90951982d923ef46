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
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<TenantsOptions>, TenantsFileCheck>());
        services.TryAddSingleton<TenantMetrics>();
        services.TryAddSingleton<TenantDirectory>();
        services.TryAddSingleton(provider =>
            provider.GetRequiredService<IOptions<TenantsOptions>>().Value.Path is { Length: > 0 } path
                ? DeclaredTenantsReader.Read(path)
                : DeclaredTenants.None);
        return services;
    }
}

/// <summary>Reads the files at start, so that a broken one is found then and not at the first call.</summary>
internal sealed class TenantsFileCheck : IValidateOptions<TenantsOptions>
{
    public ValidateOptionsResult Validate(string? name, TenantsOptions options)
    {
        try
        {
            _ = string.IsNullOrEmpty(options.Path) ? null : DeclaredTenantsReader.Read(options.Path);
            return ValidateOptionsResult.Success;
        }
        catch (InvalidOperationException broken)
        {
            return ValidateOptionsResult.Fail(broken.Message);
        }
    }
}
