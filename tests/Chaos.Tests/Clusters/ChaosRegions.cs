using System.Globalization;
using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.Clusters;

/// <summary>
/// Several regions of one co-hosted process each, with a Redis of its own, and one global Redis that is far from all.
/// </summary>
internal sealed class ChaosRegions : IAsyncDisposable
{
    // Longer than the default: on a busy machine a quarter of a second goes by without a fault.
    public static readonly TimeSpan SyncInterval = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan Distance = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly RedisServer _global;
    private readonly List<DelayingProxy> _networks = [];
    private readonly List<ChaosCluster> _all = [];

    private ChaosRegions(RedisServer global) => _global = global;

    public IReadOnlyList<ChaosCluster> All => _all;

    /// <summary>The way of each region to the global store.</summary>
    public IReadOnlyList<DelayingProxy> Networks => _networks;

    public static async Task<ChaosRegions> StartAsync(int count)
    {
        var regions = new ChaosRegions(await RedisServer.StartGlobalAsync());
        try
        {
            for (var i = 1; i <= count; i++)
            {
                var network = new DelayingProxy(regions._global.Port, Distance);
                regions._networks.Add(network);
                regions._all.Add(await ChaosCluster.StartAsync(regions.Layout($"r{i}", count, network)));
            }

            await Task.WhenAll(regions._all.Select(region => HearsAsync(region, count)));
            return regions;
        }
        catch
        {
            await regions.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var region in _all)
        {
            await region.DisposeAsync();
        }

        foreach (var network in _networks)
        {
            await network.DisposeAsync();
        }

        await _global.DisposeAsync();
    }

    private ClusterLayout Layout(string region, int count, DelayingProxy network) => new(Silos: 0, Hosts: 1)
    {
        Region = region,
        Settings = new Dictionary<string, string>
        {
            ["Gatehouse:GlobalRedis:ConnectionString"] = _global
                .ConnectionStringOf("gatehouse-global").Replace($":{_global.Port}", $":{network.Port}", StringComparison.Ordinal),
            ["Gatehouse:GlobalRedis:RegionsMin"] = count.ToString(CultureInfo.InvariantCulture),
            ["Gatehouse:GlobalRedis:SyncInterval"] = $"{SyncInterval}",
        },
    };

    /// <summary>Waits until a region has heard of all. It gives no signal, so it is asked.</summary>
    private static Task HearsAsync(ChaosCluster region, int count) =>
        Eventually.HoldsAsync(async () => await CountAsync(region) >= count, Patience);

    private static async Task<int> CountAsync(ChaosCluster region)
    {
        var (_, body) = await region.Hosts[0].SendAsync(HttpMethod.Get, "/v1/regions");
        return body.GetProperty("items").GetArrayLength();
    }
}
