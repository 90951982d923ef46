using Gatehouse.Grains.Abstractions.Changes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gatehouse.Grains.Changes;

/// <summary>Registers the change channel. Whoever composes the process registers the connection.</summary>
internal static class ChangesServiceCollectionExtensions
{
    public static IServiceCollection AddChanges(this IServiceCollection services)
    {
        services.TryAddSingleton<ChangeFeed>();
        services.TryAddSingleton<IChangeFeed>(static provider => provider.GetRequiredService<ChangeFeed>());
        services.TryAddSingleton<ChangeMetrics>();
        services.TryAddSingleton<ChangeAnnouncer>();
        services.TryAddSingleton<IChangeAnnouncer>(static provider => provider.GetRequiredService<ChangeAnnouncer>());
        services.AddHostedService<ChangeListener>();
        services.AddHostedService(static provider => provider.GetRequiredService<ChangeAnnouncer>());
        return services;
    }
}
