using Gatehouse.Grains.Abstractions.Resilience;
using Orleans.Persistence.Redis;
using StackExchange.Redis;

namespace Gatehouse.Grains.Tests.Resilience;

/// <summary>Every way in which a Redis is known to fail, as the client or Orleans' storage provider says it.</summary>
public static class KnownFailures
{
    private const string Hidden = "Failed to write grain state for tenant/acme: ";

    /// <summary>The failure, its reason, and whether a write may have been done.</summary>
    public static TheoryData<Exception, string, Applied> All => new()
    {
        { TimedOut(CommandStatus.Sent), "redis_timeout", Applied.Unknown },
        { TimedOut(CommandStatus.Unknown), "redis_timeout", Applied.Unknown },
        { TimedOut(CommandStatus.WaitingToBeSent), "redis_timeout", Applied.No },
        { TimedOut(CommandStatus.WaitingInBacklog), "redis_timeout", Applied.No },
        { Lost(CommandStatus.Sent), "redis_unavailable", Applied.Unknown },
        { Lost(CommandStatus.WaitingToBeSent), "redis_unavailable", Applied.No },
        { Lost(CommandStatus.WaitingInBacklog), "redis_unavailable", Applied.No },
        { new TimeoutException(), "redis_timeout", Applied.Unknown },
        { new ObjectDisposedException("x"), "redis_unavailable", Applied.No },
        { Said("OOM command not allowed when used memory > 'maxmemory'."), "redis_out_of_memory", Applied.No },
        { Said("BUSY Redis is busy running a script."), "redis_busy", Applied.No },
        { Said("LOADING Redis is loading the dataset in memory"), "redis_loading", Applied.No },
        { Said("READONLY You can't write against a read only replica."), "redis_read_only", Applied.No },
        { Said("MISCONF Redis is configured to save RDB snapshots"), "redis_read_only", Applied.No },
        { Said("NOREPLICAS Not enough good replicas to write."), "redis_read_only", Applied.No },
        { Said("MASTERDOWN Link with MASTER is down"), "redis_unavailable", Applied.No },
        { Said("CLUSTERDOWN The cluster is down"), "redis_unavailable", Applied.No },
        { Said("TRYAGAIN Multiple keys request during rehashing"), "redis_unavailable", Applied.No },
        { Said("NOAUTH Authentication required."), "redis_denied", Applied.No },
        { Said("WRONGPASS invalid username-password pair"), "redis_denied", Applied.No },
        { Said("NOPERM User gatehouse-data has no permissions"), "redis_denied", Applied.No },
        { Said("ERR max number of clients reached"), "redis_unavailable", Applied.No },
        { new RedisException("something new"), "redis_error", Applied.Unknown },
        { new IOException("something else"), "redis_error", Applied.Unknown },
        { Kept("StackExchange.Redis.RedisTimeoutException: Timeout performing EVAL"), "redis_timeout", Applied.Unknown },
        { Kept("StackExchange.Redis.RedisConnectionException: SocketClosed"), "redis_unavailable", Applied.Unknown },
        { Kept("StackExchange.Redis.RedisServerException: OOM command not allowed"), "redis_out_of_memory", Applied.No },
        { Kept("StackExchange.Redis.RedisServerException: BUSY Redis is busy"), "redis_busy", Applied.No },
        { Kept("StackExchange.Redis.RedisServerException: READONLY You can't"), "redis_read_only", Applied.No },
        { Kept("System.ObjectDisposedException: gone"), "redis_unavailable", Applied.No },
        { Kept("System.Text.Json.JsonException: '<' is an invalid start"), "state_unreadable", Applied.No },
        { Kept("System.Exception: something new"), "redis_error", Applied.Unknown },
    };

    private static RedisConnectionException Lost(CommandStatus status) =>
        new(ConnectionFailureType.SocketClosed, CommandFlags.None, "x", null, status);

    private static RedisTimeoutException TimedOut(CommandStatus status) => new(CommandFlags.None, "x", status);

    public static RedisServerException Said(string message) =>
        new(RedisErrorKind.Unknown, CommandFlags.None, message);

    private static RedisStorageException Kept(string message) => new(Hidden + message);
}
