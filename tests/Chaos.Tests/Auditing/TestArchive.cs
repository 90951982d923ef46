using System.Data.Common;
using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Auditing;
using Gatehouse.Grains.Auditing.Archive;
using Gatehouse.Grains.Resilience;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gatehouse.Chaos.Tests.Auditing;

/// <summary>An archive in a database of a test's own, of either kind: what is promised of one holds on the other.</summary>
internal sealed class TestArchive : IAsyncDisposable
{
    public static readonly DateTimeOffset Now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    private readonly TempFolder? _folder;
    private readonly ArchiveOptions _options;
    private readonly List<IArchiveDatabase> _opened = [];

    private TestArchive(ArchiveOptions options, TempFolder? folder) => (_options, _folder) = (options, folder);

    public static TheoryData<string> Kinds { get; } = ["sqlite", "postgres"];

    public static async Task<TestArchive> CreateAsync(string kind, PostgresServer postgres, TimeSpan? timeout = null)
    {
        var folder = kind == "sqlite" ? new TempFolder() : null;
        return new TestArchive(new ArchiveOptions
        {
            Provider = folder is null ? ArchiveProvider.Postgres : ArchiveProvider.Sqlite,
            ConnectionString = folder is null
                ? await postgres.NewDatabaseAsync() : $"Data Source={Path.Combine(folder.Path, "audit.db")}",
            Timeout = timeout ?? TimeSpan.FromSeconds(30),
        }, folder);
    }

    /// <summary>As a silo of its own has it: with connections, guards and a first use of its own.</summary>
    public SqlAuditArchive Open(string region = "local")
    {
        var database = ArchiveServiceCollectionExtensions.Open(_options);
        _opened.Add(database);
        return new SqlAuditArchive(region, new ArchiveConnection(
            database, new ArchiveSchema(database, TimeProvider.System, NullLogger<ArchiveSchema>.Instance),
            Guard(GuardedStores.Archive, ofSearches: false), Guard(GuardedStores.ArchiveSearch, ofSearches: true), _options,
            Guards.Metrics, TimeProvider.System));
    }

    /// <summary>Past the archive: what an operator, or another program, does to its database.</summary>
    public async Task<int> ExecuteAsync(string sql)
    {
        await using var connection = await ConnectAsync();
        return await new ArchiveSession(connection, null, CancellationToken.None).ExecuteAsync(sql);
    }

    public async Task<long> CountAsync(string table)
    {
        await using var connection = await ConnectAsync();
        return await new ArchiveSession(connection, null, CancellationToken.None)
            .FirstAsync<long>($"SELECT COUNT(*) FROM {table}");
    }

    public async Task<DbConnection> ConnectAsync()
    {
        var database = ArchiveServiceCollectionExtensions.Open(_options);
        _opened.Add(database);
        return await database.OpenAsync(CancellationToken.None);
    }

    public ValueTask DisposeAsync()
    {
        _opened.ForEach(static database => database.Dispose());
        _folder?.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>The next events of a chain, as the archive takes them.</summary>
    public static (ChainEnd Next, IReadOnlyList<byte[]> Entries) Compose(
        string tenant, ChainEnd before, int count, string prefix = "e") =>
        Compose(tenant, before, Now, [.. Enumerable.Range(0, count).Select(i => Event($"{prefix}{before.Size + i}"))]);

    public static (ChainEnd Next, IReadOnlyList<byte[]> Entries) Compose(
        string tenant, ChainEnd before, DateTimeOffset recordedAt, params AuditEvent[] events)
    {
        var (next, entries) = AuditChain.Append(tenant, before, events, recordedAt);
        return (next, [.. entries.Select(entry => entry.Bytes)]);
    }

    public static AuditEvent Event(string id) => new()
    {
        Id = id,
        Actor = new AuditParty("user", "7"),
        Action = "order.refund",
        Resource = new AuditParty("order", $"o-{id}"),
        Outcome = AuditOutcome.Success,
        Source = "billing-service",
        Trace = "4bf92f3577b34da6a3ce929d0e0e4736",
    };

    private StoreGuard Guard(string store, bool ofSearches) =>
        Guards.New(store, _options.Bounds(new OverloadOptions(), ofSearches), ArchiveFailure.Rules);
}
