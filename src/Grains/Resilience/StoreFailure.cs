using Gatehouse.Grains.Abstractions.Resilience;
using Orleans.Storage;
using StackExchange.Redis;

namespace Gatehouse.Grains.Resilience;

/// <summary>What a store call does, and with that what its failure may have left behind.</summary>
internal enum CallKind
{
    None = 0,

    /// <summary>It changes nothing.</summary>
    Read = 1,

    Write = 2,
}

/// <summary>Why a store did not do what it was asked.</summary>
/// <param name="Reason">Stable and machine-readable.</param>
/// <param name="Applied">Whether a write may have been done.</param>
/// <param name="Result">
/// What it says about the store: of one that refuses to write, that reads go on and nobody waits; of one whose answer
/// cannot be read, that it works.
/// </param>
internal readonly record struct StoreFailure(string Reason, Applied Applied, CallResult Result = CallResult.Failed)
{
    public const string Unclassified = "redis_error";

    /// <summary>What it was, where the call's own exception only carries it; null: that one.</summary>
    public Exception? Cause { get; init; }

    // Of the package Orleans.Persistence.Redis, which only the silo has.
    /// <summary>One stored document, which is left as it is.</summary>
    public const string Unreadable = "state_unreadable";

    private const string StorageException = "RedisStorageException";
    private const string OutOfMemory = "redis_out_of_memory";
    private const string ReadOnly = "redis_read_only";
    private const string TimedOut = "redis_timeout";
    private const string Unavailable = "redis_unavailable";

    // Redis' own words at the start of an error, or in it where a script was the one who was told.
    private static readonly (string Word, string Reason)[] Refusals =
    [
        ("OOM ", OutOfMemory),
        ("BUSY ", "redis_busy"),
        ("LOADING ", "redis_loading"),
        ("READONLY ", ReadOnly),
        ("MISCONF ", ReadOnly),
        ("NOREPLICAS ", ReadOnly),
        ("MASTERDOWN ", Unavailable),
        ("CLUSTERDOWN ", Unavailable),
        ("TRYAGAIN ", Unavailable),
        ("MOVED ", Unavailable),
        // A password or a right that was taken away: waiting may help, and a 500 would hide what it is.
        ("NOAUTH ", "redis_denied"),
        ("WRONGPASS ", "redis_denied"),
        ("NOPERM ", "redis_denied"),
        ("max number of clients reached", Unavailable),
    ];

    /// <summary>
    /// Null when the store answered and the call itself was at fault: that is no overload, and says that it works.
    /// </summary>
    public static StoreFailure? Of(Exception failure, CallKind kind) => failure switch
    {
        RedisTimeoutException timeout => new(TimedOut, AppliedAfter(timeout.Commandstatus, kind)),
        RedisConnectionException lost => new(Unavailable, AppliedAfter(lost.CommandStatus, kind)),
        RedisServerException refused => OfRefusal(refused.Message),
        TimeoutException => new(TimedOut, Uncertain(kind)),
        // The client is being shut down; it sends nothing any more.
        ObjectDisposedException => new(Unavailable, Applied.No),
        // The writer lost a race, or what is stored cannot be read: the store did its part.
        InconsistentStateException or FormatException or InvalidCastException => null,
        // Orleans' provider keeps no cause, only its type's name and message.
        _ when failure.GetType().Name == StorageException => OfText(failure.Message, kind),
        _ => new(Unclassified, Uncertain(kind)),
    };

    /// <summary>
    /// What a store said of one key is the caller's; any other error that is not known here may be the store's.
    /// </summary>
    public static bool IsUnknownAnswer(Exception failure) =>
        failure is RedisServerException && !failure.Message.Contains("WRONGTYPE", StringComparison.Ordinal);

    private static StoreFailure? OfText(string message, CallKind kind) =>
        message.Contains(nameof(RedisTimeoutException), StringComparison.Ordinal) ? new(TimedOut, Uncertain(kind))
        : message.Contains(nameof(RedisConnectionException), StringComparison.Ordinal)
            ? new(Unavailable, Uncertain(kind))
        : message.Contains(nameof(ObjectDisposedException), StringComparison.Ordinal) ? new(Unavailable, Applied.No)
        // One tenant's trouble: it must not cut off all others.
        : message.Contains("JsonException", StringComparison.Ordinal)
            ? new(Unreadable, Applied.No, CallResult.Succeeded)
        : OfRefusal(message) ?? new(Unclassified, Uncertain(kind));

    /// <summary>Refused before it was begun: Redis checks these before a command or a script runs.</summary>
    private static StoreFailure? OfRefusal(string message)
    {
        foreach (var (word, reason) in Refusals)
        {
            if (message.Contains(word, StringComparison.Ordinal))
            {
                return new StoreFailure(
                    reason, Applied.No, reason is OutOfMemory or ReadOnly ? CallResult.Neutral : CallResult.Failed);
            }
        }

        return null;
    }

    private static Applied AppliedAfter(CommandStatus status, CallKind kind) =>
        status is CommandStatus.WaitingToBeSent or CommandStatus.WaitingInBacklog ? Applied.No : Uncertain(kind);

    private static Applied Uncertain(CallKind kind) => kind is CallKind.Read ? Applied.No : Applied.Unknown;
}
