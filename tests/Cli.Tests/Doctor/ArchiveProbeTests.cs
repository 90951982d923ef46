using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Cli.Doctor;
using Gatehouse.Grains.Auditing.Archive;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Gatehouse.Cli.Tests.Doctor;

/// <summary>What doctor finds out about an archive, and that it changes nothing of it.</summary>
public sealed class ArchiveProbeTests(PostgresServer postgres) : IClassFixture<PostgresServer>, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TempFolder _folder = new();

    private string Path => System.IO.Path.Combine(_folder.Path, "audit.db");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Sqlite_ThatIsNotThere_WillBeMade()
    {
        var facts = await SqliteAsync();

        Assert.Equal((true, null, null), (facts.WillBeMade, facts.Failure, facts.WriteFailure));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task Sqlite_ThatIsThere_IsTried()
    {
        await using (var connection = new SqliteConnection($"Data Source={Path};Pooling=False"))
        {
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = "CREATE TABLE t (a)";
            await command.ExecuteNonQueryAsync();
            File.SetUnixFileMode(Path, (UnixFileMode)Convert.ToInt32("0644", 8));
            var before = await File.ReadAllBytesAsync(Path);

            var free = await SqliteAsync();
            command.CommandText = "BEGIN EXCLUSIVE";
            await command.ExecuteNonQueryAsync();
            var held = await SqliteAsync(TimeSpan.FromSeconds(1));

            Assert.Equal((null, null, true), (free.Failure, free.WriteFailure, free.IsReadableByOthers));
            Assert.NotNull(held.Failure ?? held.WriteFailure);
            Assert.Equal(before, await File.ReadAllBytesAsync(Path));
        }

        File.WriteAllText(Path, new string('x', 4096));
        Assert.Equal("SQLite error 26", (await SqliteAsync()).Failure);
    }

    [Fact]
    public async Task Postgres_IsAskedWhetherItTakesWrites()
    {
        var connectionString = await postgres.NewDatabaseAsync();
        var database = new NpgsqlConnectionStringBuilder(connectionString).Database;

        var good = await PostgresAsync(connectionString);
        await using (var admin = NpgsqlDataSource.Create(connectionString))
        {
            await using var command = admin.CreateCommand($"""
                CREATE USER reader; REVOKE CREATE ON SCHEMA public FROM PUBLIC;
                ALTER DATABASE {database} SET default_transaction_read_only = on
                """);
            await command.ExecuteNonQueryAsync();
        }

        var readOnly = await PostgresAsync(connectionString);
        var reader = await PostgresAsync(
            connectionString.Replace("Username=postgres", "Username=reader", StringComparison.Ordinal)
                + ";Options=-c default_transaction_read_only=off");
        var missing = await PostgresAsync($"{connectionString}x;Password=hunter2");

        Assert.Equal((null, null, false, false), (good.Failure, good.WriteFailure, good.IsInRecovery, good.IsInTheClear));
        Assert.Matches(@"^127\.0\.0\.1:\d+/t\d+ as postgres$", good.Place);
        Assert.Equal("default_transaction_read_only is on", readOnly.WriteFailure);
        Assert.Equal("the user may neither create its tables nor insert into them", reader.WriteFailure);
        Assert.Equal("PostgreSQL refuses it (SQLSTATE 3D000)", missing.Failure);
        Assert.DoesNotContain("hunter2", $"{missing}", StringComparison.Ordinal);
    }

    private Task<ArchiveFacts> SqliteAsync(TimeSpan? timeout = null) => ArchiveProbe.AskAsync(
        new ArchiveOptions { ConnectionString = $"Data Source={Path}" }, timeout ?? Patience,
        TestContext.Current.CancellationToken);

    private static Task<ArchiveFacts> PostgresAsync(string connectionString) => ArchiveProbe.AskAsync(
        new ArchiveOptions { Provider = ArchiveProvider.Postgres, ConnectionString = connectionString }, Patience,
        TestContext.Current.CancellationToken);
}
