using Gatehouse.EmbeddedStore;
using Gatehouse.Grains.Resilience;
using Gatehouse.Grains.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;

namespace Gatehouse.Chaos.Tests.Processes;

/// <summary>Either kind of store: what is promised of one holds on the other.</summary>
internal sealed class Store : IAsyncDisposable
{
    // What a store does is tested over this, not how soon: a busy machine is no fault of it.
    private static readonly OverloadOptions Patient = new() { StoreDeadline = TimeSpan.FromSeconds(10) };

    private readonly IAsyncDisposable _server;
    private readonly TempFolder? _folder;

    private readonly IConnectionMultiplexer _admin;

    private Store(
        IAsyncDisposable server, IConnectionMultiplexer product, IConnectionMultiplexer admin, TempFolder? folder)
    {
        (_server, _admin, _folder) = (server, admin, folder);
        Redis = new RedisConnection(product, Guards.New(GuardedStores.Data, Patient), Guards.Metrics);
    }

    public static TheoryData<string> Kinds { get; } = ["redis", "embedded"];

    /// <summary>The server of a store of kind redis.</summary>
    public RedisServer Server => (RedisServer)_server;

    /// <summary>The connection of the product, which may do no more than it needs.</summary>
    public RedisConnection Redis { get; }

    /// <summary>The connection of a test, which may do everything.</summary>
    public IDatabase Admin => _admin.GetDatabase();

    public static async Task<Store> StartAsync(string kind)
    {
        if (kind == "redis")
        {
            var server = await RedisServer.StartAsync();
            var product = RedisConnection.Options(server.ConnectionStringOf("gatehouse-data"), "gatehouse-data");
            return new Store(
                server, await ConnectionMultiplexer.ConnectAsync(product), await server.ConnectAsync(), null);
        }

        var folder = new TempFolder();
        var embedded = EmbeddedRedis.Start(
            new EmbeddedRedisOptions { DataDirectory = folder.Path }, NullLoggerFactory.Instance);
        var all = await ConnectionMultiplexer.ConnectAsync($"{embedded.ConnectionString},allowAdmin=true");
        return new Store(embedded, all, all, folder);
    }

    public async ValueTask DisposeAsync()
    {
        await Redis.Multiplexer.DisposeAsync();
        await _admin.DisposeAsync();
        await _server.DisposeAsync();
        _folder?.Dispose();
    }
}
