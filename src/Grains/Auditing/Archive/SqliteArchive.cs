using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Gatehouse.Grains.Auditing.Archive;

/// <summary>The archive in a file. Its processes share one machine: WAL needs their memory to be the same.</summary>
internal sealed class SqliteArchive : IArchiveDatabase
{
    private const string InsertEntry = """
        INSERT INTO entries (chain_id, seq, prev_hash, hash, recorded_at, actor_type, actor_id, action, resource_type,
            resource_id, outcome, bytes)
        VALUES (@Chain, @Seq, @PrevHash, @Hash, @RecordedAt, @ActorType, @ActorId, @Action, @ResourceType,
            @ResourceId, @Outcome, @Bytes)
        """;

    private const string PutTile = """
        INSERT INTO tiles (chain_id, level, idx, hashes) VALUES (@Chain, @Level, @Index, @Hashes)
        ON CONFLICT (chain_id, level, idx) DO UPDATE SET hashes = excluded.hashes
        """;

    // https://sqlite.org/rescode.html
    private const int ConstraintPrimaryKey = 1555;
    private const int ConstraintUnique = 2067;

    // The file has one writer. Left to themselves, writers of this process would meet at its lock and sleep there.
    private readonly SemaphoreSlim _writer = new(1);
    private readonly SqliteThreads _threads = new();
    private readonly string _connectionString;
    private readonly string _settings;

    public SqliteArchive(string connectionString, TimeSpan timeout)
    {
        // Its own time-out, in whole seconds, is looked at between two tries of the lock; 0 would be for ever.
        var seconds = (int)Math.Max(1, Math.Floor(timeout.TotalSeconds));
        _connectionString =
            new SqliteConnectionStringBuilder(connectionString) { DefaultTimeout = seconds }.ToString();
        // FULL: what was committed outlives the power. In WAL mode readers go on while one writes.
        _settings = string.Create(CultureInfo.InvariantCulture, $"""
            PRAGMA busy_timeout = {(long)(timeout.TotalMilliseconds / 2)};
            PRAGMA journal_mode = WAL;
            PRAGMA synchronous = FULL;
            PRAGMA foreign_keys = ON;
            """);
    }

    public TaskScheduler Threads => _threads;

    public string System => "sqlite";

    public string Dialect => "sqlite";

    public string CountVersionTables =>
        "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_versions'";

    /// <summary>Nothing: transactions begin IMMEDIATE here, and so one after the other.</summary>
    public string LockSchema => "SELECT 1";

    public string LockRow => "";

    /// <summary>Without statistics, which nobody takes here, it would walk along the primary key.</summary>
    public string Walk(string? index) => index is null ? " NOT INDEXED" : $" INDEXED BY {index}";

    public async Task<DbConnection> OpenAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        CreateFile();
        var connection = new SqliteConnection(_connectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            await new ArchiveSession(connection, null, cancellationToken).ExecuteAsync(_settings);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>For nobody but this user: left to itself, SQLite makes a file that everybody may read.</summary>
    private void CreateFile()
    {
        var file = new SqliteConnectionStringBuilder(_connectionString);
        var isPlain = file.Mode is SqliteOpenMode.ReadWriteCreate && file.DataSource.Length > 0
            && file.DataSource[0] is not ':' && !file.DataSource.StartsWith("file:", StringComparison.Ordinal);
        if (isPlain && !OperatingSystem.IsWindows() && !File.Exists(file.DataSource))
        {
            using var created = new FileStream(file.DataSource, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.ReadWrite,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }
    }

    public async Task<IDisposable?> TakeTurnAsync(CancellationToken cancellationToken)
    {
        await _writer.WaitAsync(cancellationToken);
        return new Turn(_writer);
    }

    public IDisposable? Interrupt(DbConnection connection, CancellationToken cancellationToken) =>
        cancellationToken.Register(
            static state => raw.sqlite3_interrupt(((SqliteConnection)state!).Handle!), connection);

    public bool IsTaken(DbException failure) =>
        failure is SqliteException { SqliteExtendedErrorCode: ConstraintPrimaryKey or ConstraintUnique };

    public Task InsertAsync(ArchiveSession session, long chain, IReadOnlyList<EntryRow> entries) =>
        session.ExecuteAsync(InsertEntry, entries.Select(row => new
        {
            Chain = chain,
            row.Seq,
            row.PrevHash,
            row.Hash,
            row.RecordedAt,
            row.ActorType,
            row.ActorId,
            row.Action,
            row.ResourceType,
            row.ResourceId,
            row.Outcome,
            row.Bytes,
        }));

    public Task PutAsync(ArchiveSession session, long chain, IReadOnlyList<AuditTile> tiles) => session.ExecuteAsync(
        PutTile, tiles.Select(tile => new { Chain = chain, tile.Level, tile.Index, tile.Hashes }));

    public void Dispose()
    {
        using var connection = new SqliteConnection(_connectionString);
        SqliteConnection.ClearPool(connection);
        _writer.Dispose();
        _threads.Dispose();
    }

    private sealed class Turn(SemaphoreSlim writer) : IDisposable
    {
        public void Dispose() => writer.Release();
    }
}
