using StackExchange.Redis;

namespace Gatehouse.Grains.Storage;

/// <summary>
/// The one connection of this process to the global Redis. It is made when the first call needs it, because most
/// deployments have one region and no such store.
/// </summary>
internal sealed class GlobalRedisConnection(string? connectionString) : IAsyncDisposable
{
    private const string NotSet = "Gatehouse:GlobalRedis:ConnectionString is not set.";

    private readonly Lazy<Task<ConnectionMultiplexer>> _multiplexer = new(() => ConnectionMultiplexer.ConnectAsync(
        RedisConnection.Options(connectionString ?? throw new InvalidOperationException(NotSet), "gatehouse-global")));

    public async ValueTask<IDatabase> DatabaseAsync() => (await _multiplexer.Value).GetDatabase();

    public async ValueTask DisposeAsync()
    {
        if (_multiplexer.IsValueCreated)
        {
            await (await _multiplexer.Value).DisposeAsync();
        }
    }
}
