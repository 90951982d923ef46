using System.Net;
using System.Net.Sockets;
using Orleans.Configuration;
using Microsoft.Extensions.Hosting;
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
        var redis = ConfigurationOptions.Parse(options.Redis.ConnectionString!);
        silo.Configure<ClusterOptions>(cluster => (cluster.ServiceId, cluster.ClusterId) = (ServiceId, options.Region));
        silo.Configure<EndpointOptions>(endpoint =>
        {
            endpoint.AdvertisedIPAddress = address;
            endpoint.SiloPort = PortOrFree(options.Silo.Port);
            endpoint.GatewayPort = PortOrFree(options.Silo.GatewayPort);
        });
        silo.UseRedisClustering(clustering => clustering.ConfigurationOptions = redis);
        return silo;
    }

    public static IClientBuilder UseGatehouseClustering(this IClientBuilder client, GatehouseOptions options)
    {
        var redis = ConfigurationOptions.Parse(options.Redis.ConnectionString!);
        client.Configure<ClusterOptions>(
            cluster => (cluster.ServiceId, cluster.ClusterId) = (ServiceId, options.Region));
        client.UseRedisClustering(clustering => clustering.ConfigurationOptions = redis);
        return client;
    }

    private static int PortOrFree(int port) => port == 0 ? FreePort() : port;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
