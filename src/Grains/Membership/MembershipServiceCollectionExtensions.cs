using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gatehouse.Grains.Membership;

/// <summary>Registers the watch over the membership table. Its reader comes with the clustering.</summary>
internal static class MembershipServiceCollectionExtensions
{
    public static IServiceCollection AddMembership(this IServiceCollection services)
    {
        services.TryAddSingleton<MembershipMetrics>();
        services.TryAddSingleton<MembershipHealth>();
        return services;
    }
}
