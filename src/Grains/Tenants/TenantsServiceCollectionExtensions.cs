using Gatehouse.Grains.Abstractions.Changes;
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
        services.AddTenantDirectory();
        services.TryAddSingleton(provider =>
            provider.GetRequiredService<IOptions<TenantsOptions>>().Value.Path is { Length: > 0 } path
                ? DeclaredTenantsReader.Read(path)
                : DeclaredTenants.None);
        return services;
    }

    /// <summary>What a client of silos needs, too: the tenants as this process knows them.</summary>
    public static IServiceCollection AddTenantDirectory(this IServiceCollection services)
    {
        services.TryAddSingleton<TenantDirectory>();
        return services.AddSingleton<IChangeObserver>(
            static provider => provider.GetRequiredService<TenantDirectory>());
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
