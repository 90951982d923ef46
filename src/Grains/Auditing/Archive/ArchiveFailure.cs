using System.Data;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Resilience;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Gatehouse.Grains.Auditing.Archive;

/// <summary>A write failed before it was committed: whatever it was, nothing was written.</summary>
internal sealed class NothingWrittenException(Exception cause) : Exception(cause.Message, cause);

/// <summary>A search was given up; others may be answered.</summary>
internal sealed class LongSearchException(Exception cause) : Exception(cause.Message, cause);

/// <summary>The archive was changed by a newer program, whose promises this one does not know.</summary>
internal sealed class NewerSchemaException(int version, int known) : Exception(
    $"Its schema has version {version}, and this program knows versions up to {known}. Run the newer program.");

/// <summary>Why the archive did not do what it was asked.</summary>
internal static class ArchiveFailure
{
    public const string Unavailable = "archive_unavailable";
    public const string Damaged = "archive_damaged";
    public const string NewerSchema = "archive_newer_schema";
    public const string LongSearch = "archive_search_timeout";

    // https://sqlite.org/rescode.html
    private const int SqliteCorrupt = 11;
    private const int SqliteNotADatabase = 26;

    public static FailureRules Rules { get; } = new(
        "archive_pool_exhausted", "archive_circuit_open", static (failure, kind) => Of(failure, kind),
        static _ => false);

    private static StoreFailure? Of(Exception failure, CallKind kind) => failure switch
    {
        NothingWrittenException { InnerException: { } cause } =>
            Of(cause, CallKind.Read) is { } known ? known with { Cause = known.Cause ?? cause } : null,
        NewerSchemaException => new(NewerSchema, Applied.No, CallResult.Succeeded),
        // One caller's question was too much for it; that must not close the archive to all others.
        LongSearchException => new(LongSearch, Applied.No, CallResult.Neutral) { Cause = failure.InnerException },
        _ when IsDamage(failure) => new(Damaged, Uncertain(kind), CallResult.Succeeded),
        _ => new(Unavailable, Uncertain(kind)),
    };

    /// <summary>What is stored cannot be what was written.</summary>
    private static bool IsDamage(Exception failure) => failure
        is FormatException or DataException or InvalidCastException or OverflowException or ArgumentOutOfRangeException
        or SqliteException { SqliteErrorCode: SqliteCorrupt or SqliteNotADatabase }
        // data_corrupted, index_corrupted
        or PostgresException { SqlState: "XX001" or "XX002" };

    private static Applied Uncertain(CallKind kind) => kind is CallKind.Read ? Applied.No : Applied.Unknown;
}
