using System.Data.Common;

namespace Gatehouse.Grains.Auditing.Archive;

/// <summary>What the archive needs of one kind of SQL database, beside the SQL that all kinds understand.</summary>
internal interface IArchiveDatabase : IDisposable
{
    /// <summary>Where its calls run.</summary>
    TaskScheduler Threads { get; }

    /// <summary>As metrics and traces name its kind.</summary>
    string System { get; }

    /// <summary>Which migrations are for it: <c>archive-NNN-{dialect}.sql</c>.</summary>
    string Dialect { get; }

    /// <summary>Counts the tables that are named <c>schema_versions</c>, one or none.</summary>
    string CountVersionTables { get; }

    /// <summary>Within a transaction, before all else: waits until no other process changes the schema.</summary>
    string LockSchema { get; }

    /// <summary>
    /// After a table's name in a SELECT: walk along that index, or along the primary key. Nothing, where the database
    /// knows its data well enough.
    /// </summary>
    string Walk(string? index);

    /// <summary>At the end of a SELECT: nobody else changes that row before this transaction has ended.</summary>
    string LockRow { get; }

    Task<DbConnection> OpenAsync(CancellationToken cancellationToken);

    /// <summary>Waits until this process may write; disposed when it has.</summary>
    Task<IDisposable?> TakeTurnAsync(CancellationToken cancellationToken);

    /// <summary>Breaks what a connection is at when the token is cancelled, where calls do not look at it.</summary>
    IDisposable? Interrupt(DbConnection connection, CancellationToken cancellationToken);

    /// <summary>Whether a row was refused because one like it is there.</summary>
    bool IsTaken(DbException failure);

    Task InsertAsync(ArchiveSession session, long chain, IReadOnlyList<EntryRow> entries);

    /// <summary>Writes tiles, over those that are there.</summary>
    Task PutAsync(ArchiveSession session, long chain, IReadOnlyList<AuditTile> tiles);
}
