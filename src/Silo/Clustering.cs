using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Clustering.Redis;
using Orleans.Configuration;
using Orleans.Hosting;
using StackExchange.Redis;

namespace Gatehouse.Silo;

/// <summary>How silos find each other and their clients.</summary>
internal static class Clustering
{
    /// <summary>The same in every region: it names the product's data, the cluster id names the region.</summary>
    public const string ServiceId = "gatehouse";

    public static ISiloBuilder UseGatehouseClustering(this ISiloBuilder silo, GatehouseOptions options)
    {
        if (options.Topology is Topology.Embedded)
        {
            // One process, so membership in memory: no rows of a crashed predecessor to wait for, and no clients to
            // listen to.
            silo.UseLocalhostClustering(FreePort(), gatewayPort: 0, serviceId: ServiceId, clusterId: options.Region);
            return silo;
        }

        var address = options.Silo.AdvertisedAddress is { } text ? IPAddress.Parse(text) : IPAddress.Loopback;
        silo.Configure<ClusterOptions>(cluster => (cluster.ServiceId, cluster.ClusterId) = (ServiceId, options.Region));
        silo.Configure<EndpointOptions>(endpoint =>
        {
            endpoint.AdvertisedIPAddress = address;
            endpoint.SiloPort = PortOrFree(options.Silo.Port);
            endpoint.GatewayPort = PortOrFree(options.Silo.GatewayPort);
        });
        silo.UseRedisClustering(static _ => { });
        silo.Services.AddMembershipTable(options.Redis);
        return silo;
    }

    public static IClientBuilder UseGatehouseClustering(this IClientBuilder client, GatehouseOptions options)
    {
        client.Configure<ClusterOptions>(
            cluster => (cluster.ServiceId, cluster.ClusterId) = (ServiceId, options.Region));
        client.UseRedisClustering(static _ => { });
        client.Services.AddMembershipTable(options.Redis);
        return client;
    }

    private static void AddMembershipTable(this IServiceCollection services, RedisOptions redis) => services
        .AddMembershipConnection(redis)
        .AddOptions<RedisClusteringOptions>().Configure<IServiceProvider>(static (clustering, provider) =>
        {
            // Asked for by a validator, used by nobody: the connection is ours.
            clustering.ConfigurationOptions = new ConfigurationOptions();
            clustering.CreateMultiplexer = _ => Task.FromResult((
                provider.GetRequiredKeyedService<IConnectionMultiplexer>(StoreConnection.Membership), IsShared: true));
        });

    private static int PortOrFree(int port) => port == 0 ? FreePort() : port;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
