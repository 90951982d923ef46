using Gatehouse.Grains.Resilience;
using StackExchange.Redis;

namespace Gatehouse.Grains.Storage;

/// <summary>
/// The one connection of this process to the global Redis. It is made when the first call needs it, because most
/// deployments have one region and no such store.
/// </summary>
internal sealed class GlobalRedisConnection(string? connectionString, StoreGuard guard, StorageMetrics metrics)
    : IAsyncDisposable
{
    private const string NotSet = "Gatehouse:GlobalRedis:ConnectionString is not set.";

    private readonly Lazy<Task<ConnectionMultiplexer>> _multiplexer = new(() => ConnectionMultiplexer.ConnectAsync(
        RedisConnection.Options(connectionString ?? throw new InvalidOperationException(NotSet), "gatehouse-global")));

    private RedisCommands? _commands;

    /// <summary>The way to run commands, as for the regional store.</summary>
    public async Task<T> RunAsync<T>(CallKind kind, Func<RedisCommands, Task<T>> call)
    {
        var multiplexer = await _multiplexer.Value;
        _commands ??= RedisConnection.CommandsOf(multiplexer, guard, metrics);
        return await guard.RunAsync(kind, _commands, call);
    }

    /// <summary>For who has to know whether the server answers, and not whether commands may be sent.</summary>
    public async Task<IDatabase> ConnectAsync() => (await _multiplexer.Value).GetDatabase();

    public async ValueTask DisposeAsync()
    {
        if (_multiplexer.IsValueCreated)
        {
            await (await _multiplexer.Value).DisposeAsync();
        }
    }
}
