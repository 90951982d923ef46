using System.Data.Common;
using System.Net;
using Gatehouse.Grains.Auditing.Archive;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Gatehouse.Cli.Doctor;

/// <summary>Asks the archive's database whether it answers and would take a write. Nothing is written.</summary>
internal static class ArchiveProbe
{
    public static Task<ArchiveFacts> AskAsync(
        ArchiveOptions options, TimeSpan timeout, CancellationToken cancellation) =>
        options.Provider is ArchiveProvider.Postgres
            ? AskPostgresAsync(options.ConnectionString, timeout, cancellation)
            : AskSqliteAsync(options.ConnectionString, timeout, cancellation);

    private static async Task<ArchiveFacts> AskSqliteAsync(
        string connectionString, TimeSpan timeout, CancellationToken cancellation)
    {
        var settings = new SqliteConnectionStringBuilder(connectionString)
        {
            // Asking must not make it.
            Mode = SqliteOpenMode.ReadWrite,
            DefaultTimeout = (int)Math.Ceiling(timeout.TotalSeconds),
            Pooling = false,
        };
        var path = settings.DataSource;
        var facts = new ArchiveFacts { Place = path };
        if (!File.Exists(path))
        {
            var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
            return facts with { WillBeMade = true, WriteFailure = FolderFault(folder) };
        }

        if (!OperatingSystem.IsWindows())
        {
            facts = facts with { IsReadableByOthers = (File.GetUnixFileMode(path) & UnixFileMode.OtherRead) != 0 };
        }

        try
        {
            await using var connection = new SqliteConnection(settings.ToString());
            await connection.OpenAsync(cancellation);
            await RunAsync(connection, "SELECT COUNT(*) FROM sqlite_master", cancellation);
            return facts with { WriteFailure = await TryWriteAsync(connection, cancellation) };
        }
        catch (SqliteException failure)
        {
            return facts with { Failure = $"SQLite error {failure.SqliteErrorCode}" };
        }
    }

    /// <summary>Takes the lock that a write takes, and gives it back.</summary>
    private static async Task<string?> TryWriteAsync(SqliteConnection connection, CancellationToken cancellation)
    {
        try
        {
            await RunAsync(connection, "BEGIN IMMEDIATE", cancellation);
            await RunAsync(connection, "ROLLBACK", cancellation);
            return null;
        }
        catch (SqliteException failure)
        {
            return failure.SqliteErrorCode is 5 or 6 ? "another process holds its lock"
                : $"SQLite error {failure.SqliteErrorCode}";
        }
    }

    private static string? FolderFault(string folder)
    {
        // The host makes one folder, and those above it.
        while (!Directory.Exists(folder))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        var probe = Path.Combine(folder, $".gatehouse-doctor-{Guid.NewGuid():N}");
        try
        {
            File.Create(probe, 1, FileOptions.DeleteOnClose).Dispose();
            return null;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return $"nothing can be written in {folder}";
        }
    }

    private static async Task<ArchiveFacts> AskPostgresAsync(
        string connectionString, TimeSpan timeout, CancellationToken cancellation)
    {
        var seconds = (int)Math.Ceiling(timeout.TotalSeconds);
        var settings = new NpgsqlConnectionStringBuilder(connectionString)
        {
            Timeout = seconds,
            CommandTimeout = seconds,
            Pooling = false,
            ApplicationName = "gatehouse-doctor",
        };
        var facts = new ArchiveFacts
        {
            Place = $"{settings.Host}:{settings.Port}/{settings.Database} as {settings.Username}",
            IsInTheClear = !IsLoopback(settings.Host!)
                && settings.SslMode is (SslMode.Disable or SslMode.Allow or SslMode.Prefer),
        };
        try
        {
            await using var connection = new NpgsqlConnection(settings.ToString());
            await connection.OpenAsync(cancellation);
            await RunAsync(connection, "SELECT 1", cancellation);
            return facts with
            {
                IsInRecovery = await RunAsync(connection, "SELECT pg_is_in_recovery()", cancellation) is true,
                WriteFailure = await WriteFaultAsync(connection, cancellation),
            };
        }
        catch (DbException failure)
        {
            return facts with { Failure = failure is PostgresException { SqlState: var state }
                ? $"PostgreSQL refuses it (SQLSTATE {state})" : "no connection" };
        }
        catch (TimeoutException)
        {
            return facts with { Failure = $"no answer within {seconds} s" };
        }
    }

    private static async Task<string?> WriteFaultAsync(NpgsqlConnection connection, CancellationToken cancellation) =>
        await RunAsync(connection, "SHOW default_transaction_read_only", cancellation) is "on"
            ? "default_transaction_read_only is on"
        : await RunAsync(connection, MayWrite, cancellation) is not true
            ? "the user may neither create its tables nor insert into them"
        : null;

    private const string MayWrite = """
        SELECT CASE WHEN to_regclass('entries') IS NULL
            THEN has_schema_privilege(current_schema(), 'CREATE')
            ELSE has_table_privilege('entries', 'INSERT') END
        """;

    private static async Task<object?> RunAsync(DbConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync(cancellation);
    }

    /// <summary>A socket of this machine's begins with a slash.</summary>
    private static bool IsLoopback(string hosts) => hosts.Split(',').All(static host =>
        host.StartsWith('/') || host == "localhost"
        || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address)));
}
