using Gatehouse.Grains.Resilience;
using StackExchange.Redis;

namespace Gatehouse.Grains.Storage;

/// <summary>
/// The one connection of this process to the regional Redis. It fails fast while the server is away instead of
/// queueing, and connects in the background, so that a start does not depend on the store being up.
/// </summary>
internal sealed class RedisConnection(IConnectionMultiplexer multiplexer, StoreGuard guard, StorageMetrics metrics)
{
    public IConnectionMultiplexer Multiplexer => multiplexer;

    /// <summary>Past the guard and unmeasured.</summary>
    public IDatabase Database { get; } = multiplexer.GetDatabase();

    /// <summary>Past the guard; what is inside a call of <see cref="RunAsync"/> already.</summary>
    public RedisCommands Commands { get; } = CommandsOf(multiplexer, guard, metrics);

    /// <summary>How long a command may take.</summary>
    public TimeSpan Deadline => guard.Deadline;

    /// <summary>The way to run commands: bounded, and with one exception for whatever goes wrong with the store.
    /// </summary>
    public Task<T> RunAsync<T>(CallKind kind, Func<RedisCommands, Task<T>> call) =>
        guard.RunAsync(kind, Commands, call);

    public static RedisCommands CommandsOf(
        IConnectionMultiplexer multiplexer, StoreGuard guard, StorageMetrics metrics) => new(
            multiplexer.GetDatabase(),
            new StoreCalls("redis", guard.Store, metrics.Commands, TimeProvider.System)
            {
                // Which of several has a key is the client's secret.
                Server = multiplexer.GetEndPoints(configuredOnly: true) is [var only] ? only : null,
            });

    /// <summary>
    /// The connection's options, with what this product's promises need on top of what the operator asked for.
    /// </summary>
    public static ConfigurationOptions Options(string connectionString, string clientName)
    {
        var options = ConfigurationOptions.Parse(connectionString);
        options.AbortOnConnectFail = false;
        options.BacklogPolicy = BacklogPolicy.FailFast;
        options.AsyncTimeout = Math.Min(options.AsyncTimeout, 1000);
        options.ConnectTimeout = Math.Min(options.ConnectTimeout, 2000);
        // Time-outs are only looked for on the heartbeat: at its default of 1 s, a time-out of 1 s can take 2.
        options.HeartbeatInterval = TimeSpan.FromMilliseconds(100);
        options.ReconnectRetryPolicy = new ExponentialRetry(100, 2000);
        options.ClientName = clientName;
        // For choosing among several masters, which is not how this product is set up: a key and a channel outside its
        // own, which its Redis users may not touch.
        options.TieBreaker = "";
        options.ConfigurationChannel = "";
        return options;
    }
}
