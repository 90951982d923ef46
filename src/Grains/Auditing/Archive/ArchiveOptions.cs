using System.ComponentModel.DataAnnotations;
using Gatehouse.Grains.Resilience;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Gatehouse.Grains.Auditing.Archive;

/// <summary>Which SQL database keeps the archive.</summary>
internal enum ArchiveProvider
{
    None = 0,

    /// <summary>A file.</summary>
    Sqlite = 1,

    /// <summary>A PostgreSQL server.</summary>
    Postgres = 2,
}

/// <summary>Settings of the archive of the audit chains, section <c>Gatehouse:Archive</c>.</summary>
internal sealed class ArchiveOptions : IValidatableObject
{
    private const string Setting = "Gatehouse:Archive:ConnectionString";

    /// <summary>Sqlite (default) or Postgres.</summary>
    public ArchiveProvider Provider { get; set; } = ArchiveProvider.Sqlite;

    /// <summary>
    /// As Microsoft.Data.Sqlite or Npgsql reads it. All silos of a cluster need the same archive: a server, or a file
    /// on the one machine that all of them run on. Empty (default): the file <c>audit.db</c> in the data folder,
    /// topology Embedded only.
    /// </summary>
    public string ConnectionString { get; set => field = value ?? ""; } = "";

    /// <summary>How long a call may take, from when it has its place. Default: 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "00:01:00",
        ErrorMessage = "Gatehouse:Archive:Timeout must be between 00:00:00.500 and 00:01:00.")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Calls on their way at the same time, and as many connections; half as many searches beside them. Default: 16.
    /// </summary>
    [Range(2, 1000, ErrorMessage = "Gatehouse:Archive:InFlightMax must be between 2 and 1000.")]
    public int InFlightMax { get; set; } = 16;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Provider is not (ArchiveProvider.Sqlite or ArchiveProvider.Postgres))
        {
            yield return new ValidationResult("Gatehouse:Archive:Provider must be Sqlite or Postgres.");
        }
        else if (Fault() is { } rule)
        {
            yield return new ValidationResult($"{Setting} {rule}");
        }
    }

    /// <summary>The bounds of calls, or of searches, which must not take the places of all others.</summary>
    internal OverloadOptions Bounds(OverloadOptions overload, bool ofSearches) => new()
    {
        StoreInFlightMax = ofSearches ? InFlightMax / 2 : InFlightMax,
        StoreQueueMax = 256,
        StoreQueueWait = TimeSpan.FromSeconds(1),
        StoreDeadline = Timeout,
        CircuitFailuresMax = overload.CircuitFailuresMax,
        CircuitOpen = overload.CircuitOpen,
        CircuitOpenMax = overload.CircuitOpenMax,
    };

    private string? Fault()
    {
        try
        {
            return Provider is ArchiveProvider.Postgres
                ? string.IsNullOrEmpty(new NpgsqlConnectionStringBuilder(ConnectionString).Host)
                    ? "must name a server for provider Postgres, such as Host=db;Database=gatehouse;Username=u." : null
                : ConnectionString.Length > 0 && !IsFile(new SqliteConnectionStringBuilder(ConnectionString))
                    ? "must name a file for provider Sqlite, such as Data Source=/var/lib/gatehouse/audit.db." : null;
        }
        // Npgsql answers an unknown name without a value with KeyNotFoundException.
        catch (Exception broken) when (broken is ArgumentException or FormatException or NotSupportedException
            or KeyNotFoundException)
        {
            // Not the parser's message: it may repeat a password.
            var reader = Provider is ArchiveProvider.Postgres ? "Npgsql" : "Microsoft.Data.Sqlite";
            return $"must be as {reader} reads it.";
        }
    }

    /// <summary>A database in memory would forget what it has acknowledged.</summary>
    private static bool IsFile(SqliteConnectionStringBuilder sqlite) => sqlite.Mode is not SqliteOpenMode.Memory
        && sqlite.DataSource.Length > 0 && !sqlite.DataSource.Contains(":memory:", StringComparison.Ordinal);
}
