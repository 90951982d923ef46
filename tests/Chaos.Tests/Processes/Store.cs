using Gatehouse.EmbeddedStore;
using Gatehouse.Grains.Resilience;
using Gatehouse.Grains.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;

namespace Gatehouse.Chaos.Tests.Processes;

/// <summary>Either kind of store: what is promised of one holds on the other.</summary>
internal sealed class Store : IAsyncDisposable
{
    private readonly IAsyncDisposable _server;
    private readonly TempFolder? _folder;

    private Store(IAsyncDisposable server, IConnectionMultiplexer multiplexer, TempFolder? folder)
    {
        (_server, _folder) = (server, folder);
        Redis = new RedisConnection(multiplexer, Guards.New(GuardedStores.Data), Guards.Metrics);
    }

    public static TheoryData<string> Kinds { get; } = ["redis", "embedded"];

    public RedisConnection Redis { get; }

    public static async Task<Store> StartAsync(string kind)
    {
        if (kind == "redis")
        {
            var server = await RedisServer.StartAsync();
            return new Store(server, await server.ConnectAsync(), null);
        }

        var folder = new TempFolder();
        var embedded = EmbeddedRedis.Start(
            new EmbeddedRedisOptions { DataDirectory = folder.Path }, NullLoggerFactory.Instance);
        return new Store(embedded, await ConnectionMultiplexer.ConnectAsync(
            $"{embedded.ConnectionString},allowAdmin=true"), folder);
    }

    public async ValueTask DisposeAsync()
    {
        await Redis.Multiplexer.DisposeAsync();
        await _server.DisposeAsync();
        _folder?.Dispose();
    }
}
