using StackExchange.Redis;

namespace Gatehouse.Grains.Changes;

/// <summary>
/// The change channel on the regional store, over a connection of its own: what waits on the others must not hold up a
/// heartbeat. Connects when it is first asked for, and in the background while the store is away.
/// </summary>
/// <param name="options">How to reach the store.</param>
/// <param name="region">The region whose channel it is.</param>
/// <param name="announces">Whether this process changes anything, or only listens.</param>
internal sealed class ChangeConnection(ConfigurationOptions options, string region, bool announces) : IAsyncDisposable
{
    private readonly Lazy<Task<ConnectionMultiplexer>> _multiplexer =
        new(() => ConnectionMultiplexer.ConnectAsync(options));

    /// <summary>Names this process on the channel, anew at each start.</summary>
    public string Self { get; } = Guid.NewGuid().ToString("n");

    public bool Announces => announces;

    /// <summary>One channel for all: the store passes on one channel's messages in one order.</summary>
    public RedisChannel Channel { get; } = RedisChannel.Literal($"gatehouse:changes:{region}");

    public Task<ConnectionMultiplexer> ConnectAsync() => _multiplexer.Value;

    public async ValueTask DisposeAsync()
    {
        if (_multiplexer.IsValueCreated)
        {
            await (await _multiplexer.Value).DisposeAsync();
        }
    }
}
