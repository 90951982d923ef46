using Gatehouse.Grains.Changes;
using Gatehouse.Grains.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Silo;

/// <summary>Puts a process on the region's change channel.</summary>
internal static class ChangeHosting
{
    private const string ClientName = "gatehouse-changes";

    /// <summary>For a silo: grains announce what they change.</summary>
    public static IServiceCollection AddAnnouncingChanges(this IServiceCollection services, GatehouseOptions options)
    {
        services.AddSingleton(provider =>
            Connection(provider.GetRequiredService<StoreAddress>().ConnectionString, options, announces: true));
        return services.AddChanges();
    }

    /// <summary>For a client of silos: it changes nothing itself.</summary>
    public static IServiceCollection AddListeningChanges(this IServiceCollection services, GatehouseOptions options)
    {
        services.AddSingleton(_ => Connection(options.Redis.ConnectionString!, options, announces: false));
        return services.AddChanges();
    }

    private static ChangeConnection Connection(string connectionString, GatehouseOptions options, bool announces) =>
        new(RedisConnection.Options(connectionString, ClientName), options.Region, announces);
}
