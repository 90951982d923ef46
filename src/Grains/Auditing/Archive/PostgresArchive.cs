using System.Data.Common;
using Npgsql;

namespace Gatehouse.Grains.Auditing.Archive;

/// <summary>The archive on a PostgreSQL server, which all silos of all regions can share.</summary>
internal sealed class PostgresArchive : IArchiveDatabase
{
    // Arrays: one round trip, however many entries.
    private const string InsertEntries = """
        INSERT INTO entries (chain_id, seq, prev_hash, hash, recorded_at, actor_type, actor_id, action, resource_type,
            resource_id, outcome, bytes)
        SELECT @Chain, * FROM unnest(@Seqs, @PrevHashes, @Hashes, @RecordedAts, @ActorTypes, @ActorIds, @Actions,
            @ResourceTypes, @ResourceIds, @Outcomes, @Bytes)
        """;

    private const string PutTiles = """
        INSERT INTO tiles (chain_id, level, idx, hashes)
        SELECT @Chain, * FROM unnest(@Levels, @Indices, @Hashes)
        ON CONFLICT (chain_id, level, idx) DO UPDATE SET hashes = excluded.hashes
        """;

    private readonly NpgsqlDataSource _source;

    public PostgresArchive(string connectionString, TimeSpan timeout, int connectionsMin)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        var seconds = (int)Math.Ceiling(timeout.TotalSeconds);
        (settings.Timeout, settings.CommandTimeout) = (seconds, seconds);
        // A server that does not answer does not answer this either.
        settings.CancellationTimeout = 250;
        settings.MaxPoolSize = Math.Max(settings.MaxPoolSize, connectionsMin);
        settings.ApplicationName ??= "gatehouse-archive";
        _source = NpgsqlDataSource.Create(settings);
    }

    public string System => "postgresql";

    public string Dialect => "postgres";

    public string CountVersionTables => "SELECT COUNT(*) WHERE to_regclass('schema_versions') IS NOT NULL";

    /// <summary>The number is arbitrary, and the same in all versions of the program.</summary>
    public string LockSchema => "SELECT pg_advisory_xact_lock(7203619154402611)";

    public string LockRow => " FOR UPDATE";

    public string Walk(string? index) => "";

    public async Task<DbConnection> OpenAsync(CancellationToken cancellationToken) =>
        await _source.OpenConnectionAsync(cancellationToken);

    public Task<IDisposable?> TakeTurnAsync(CancellationToken cancellationToken) => Task.FromResult<IDisposable?>(null);

    public IDisposable? Interrupt(DbConnection connection, CancellationToken cancellationToken) => null;

    public bool IsTaken(DbException failure) =>
        failure is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation };

    public Task InsertAsync(ArchiveSession session, long chain, IReadOnlyList<EntryRow> entries) =>
        session.ExecuteAsync(InsertEntries, new
        {
            Chain = chain,
            Seqs = Column(entries, static row => row.Seq),
            PrevHashes = Column(entries, static row => row.PrevHash),
            Hashes = Column(entries, static row => row.Hash),
            RecordedAts = Column(entries, static row => row.RecordedAt),
            ActorTypes = Column(entries, static row => row.ActorType),
            ActorIds = Column(entries, static row => row.ActorId),
            Actions = Column(entries, static row => row.Action),
            ResourceTypes = Column(entries, static row => row.ResourceType),
            ResourceIds = Column(entries, static row => row.ResourceId),
            Outcomes = Column(entries, static row => row.Outcome),
            Bytes = Column(entries, static row => row.Bytes),
        });

    public Task PutAsync(ArchiveSession session, long chain, IReadOnlyList<AuditTile> tiles) =>
        session.ExecuteAsync(PutTiles, new
        {
            Chain = chain,
            Levels = Column(tiles, static tile => tile.Level),
            Indices = Column(tiles, static tile => tile.Index),
            Hashes = Column(tiles, static tile => tile.Hashes),
        });

    /// <summary>The pool's: its calls do not block.</summary>
    public TaskScheduler Threads => TaskScheduler.Default;

    public void Dispose() => _source.Dispose();

    private static TValue[] Column<TRow, TValue>(IReadOnlyList<TRow> rows, Func<TRow, TValue> value) =>
        [.. rows.Select(value)];
}
