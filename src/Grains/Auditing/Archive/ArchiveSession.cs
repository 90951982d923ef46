using System.Data.Common;
using Dapper;

namespace Gatehouse.Grains.Auditing.Archive;

/// <summary>A connection, its transaction, and until when: what every statement of one call shares.</summary>
internal sealed record ArchiveSession(
    DbConnection Connection, DbTransaction? Transaction, CancellationToken Cancellation)
{
    /// <summary>Runs a statement, or the same one for each of several values, and answers how many rows it changed.
    /// </summary>
    public Task<int> ExecuteAsync(string sql, object? values = null) => Connection.ExecuteAsync(Command(sql, values));

    public Task<T?> FirstAsync<T>(string sql, object? values = null) =>
        Connection.QueryFirstOrDefaultAsync<T>(Command(sql, values));

    public async Task<IReadOnlyList<T>> AllAsync<T>(string sql, object? values = null) =>
        (await Connection.QueryAsync<T>(Command(sql, values))).AsList();

    private CommandDefinition Command(string sql, object? values) =>
        new(sql, values, Transaction, cancellationToken: Cancellation);
}
