using System.Globalization;
using System.Text.RegularExpressions;
using Gatehouse.Grains.Abstractions.Resilience;

namespace Gatehouse.Grains.Auditing.Archive;

/// <summary>
/// Brings a database to this program's schema when it is first needed, one numbered script after the other. Any number
/// of processes may do so at the same time.
/// </summary>
internal sealed partial class ArchiveSchema(IArchiveDatabase database, TimeProvider time, ILogger<ArchiveSchema> logger)
{
    /// <summary>A later version may build an index over all entries: that takes longer than any call waits.</summary>
    private static readonly TimeSpan MigrationMax = TimeSpan.FromMinutes(30);

    private readonly Lock _lock = new();
    private readonly LogBudget _log = new(time);
    private readonly SortedDictionary<int, string> _migrations = Load(database.Dialect);
    private Task? _migrating;
    private volatile bool _isReady;

    private int Known => _migrations.Keys.Last();

    /// <summary>Comes back when the schema is this program's; tries anew after a failure.</summary>
    /// <exception cref="NewerSchemaException">It is a newer program's.</exception>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        if (_isReady)
        {
            return;
        }

        if (await ReadVersionAsync(cancellationToken) != Known)
        {
            await MigrateOnceAsync().WaitAsync(cancellationToken);
        }

        _isReady = true;
    }

    /// <summary>Asked first, so that a user who may not change the schema can work with one that is there.</summary>
    private async Task<int> ReadVersionAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        using var interrupt = database.Interrupt(connection, cancellationToken);
        return await ReadVersionAsync(new ArchiveSession(connection, null, cancellationToken));
    }

    private async Task<int> ReadVersionAsync(ArchiveSession session)
    {
        var version = await session.FirstAsync<int>(database.CountVersionTables) == 0
            ? 0
            : await session.FirstAsync<int>("SELECT COALESCE(MAX(version), 0) FROM schema_versions");
        if (version > Known)
        {
            var newer = new NewerSchemaException(version, Known);
            if (_log.TryTake(out _))
            {
                LogNewer(newer.Message);
            }

            throw newer;
        }

        return version;
    }

    /// <summary>One at a time. It goes on when those who wait for it have given up.</summary>
    private Task MigrateOnceAsync()
    {
        lock (_lock)
        {
            return _migrating = _migrating is null or { IsFaulted: true } or { IsCanceled: true }
                ? Task.Run<bool>(MigrateAsync)
                : _migrating;
        }
    }

    private async Task<bool> MigrateAsync()
    {
        using var end = new CancellationTokenSource(MigrationMax, time);
        using var turn = await database.TakeTurnAsync(end.Token);
        await using var connection = await database.OpenAsync(end.Token);
        await using var transaction = await connection.BeginTransactionAsync(end.Token);
        var session = new ArchiveSession(connection, transaction, end.Token);
        await session.ExecuteAsync(database.LockSchema);
        await session.ExecuteAsync(
            "CREATE TABLE IF NOT EXISTS schema_versions (version INTEGER PRIMARY KEY, applied_at BIGINT NOT NULL)");
        // Another process may have been faster.
        var version = await ReadVersionAsync(session);
        foreach (var (next, script) in _migrations.Where(migration => migration.Key > version))
        {
            await RunAsync(session, script);
            await session.ExecuteAsync(
                "INSERT INTO schema_versions (version, applied_at) VALUES (@Version, @AppliedAt)",
                new { Version = next, AppliedAt = time.GetUtcNow().ToUnixTimeMilliseconds() });
        }

        await transaction.CommitAsync(end.Token);
        if (version < Known)
        {
            LogMigrated(version, Known);
        }

        return true;
    }

    /// <summary>Not by way of <see cref="ArchiveSession"/>: a script may take longer than a statement otherwise may.
    /// </summary>
    private static async Task RunAsync(ArchiveSession session, string script)
    {
        await using var command = session.Connection.CreateCommand();
        (command.Transaction, command.CommandTimeout) = (session.Transaction, (int)MigrationMax.TotalSeconds);
#pragma warning disable CA2100 // The text is a resource of this assembly.
        command.CommandText = script;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(session.Cancellation);
    }

    private static SortedDictionary<int, string> Load(string dialect)
    {
        var (assembly, scripts) = (typeof(ArchiveSchema).Assembly, new SortedDictionary<int, string>());
        foreach (var name in assembly.GetManifestResourceNames())
        {
            if (ScriptName().Match(name) is { Success: true } match && match.Groups["dialect"].Value == dialect)
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
                scripts.Add(int.Parse(match.Groups["version"].Value, CultureInfo.InvariantCulture), reader.ReadToEnd());
            }
        }

        return scripts;
    }

    [GeneratedRegex(@"^archive-(?<version>\d{3})-(?<dialect>\w+)\.sql$")]
    private static partial Regex ScriptName();

    [LoggerMessage(2010, LogLevel.Information, "The schema of the audit archive went from version {From} to {To}")]
    private partial void LogMigrated(int from, int to);

    [LoggerMessage(2011, LogLevel.Critical, "The audit archive is not used: {Reason}")]
    private partial void LogNewer(string reason);
}
