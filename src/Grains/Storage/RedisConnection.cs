using Gatehouse.Grains.Resilience;
using StackExchange.Redis;

namespace Gatehouse.Grains.Storage;

/// <summary>
/// The one connection of this process to the regional Redis. It fails fast while the server is away instead of
/// queueing, and connects in the background, so that a start does not depend on the store being up.
/// </summary>
internal sealed class RedisConnection(IConnectionMultiplexer multiplexer, StoreGuard guard)
{
    public IConnectionMultiplexer Multiplexer => multiplexer;

    public IDatabase Database { get; } = multiplexer.GetDatabase();

    /// <summary>How long a command may take.</summary>
    public TimeSpan Deadline => guard.Deadline;

    /// <summary>The way to run commands: bounded, and with one exception for whatever goes wrong with the store.
    /// </summary>
    public Task<T> RunAsync<T>(CallKind kind, Func<IDatabase, Task<T>> call) =>
        guard.RunAsync(kind, Database, call);

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
