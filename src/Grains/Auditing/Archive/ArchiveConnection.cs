using System.Data.Common;
using Gatehouse.Grains.Resilience;
using Gatehouse.Grains.Storage;

namespace Gatehouse.Grains.Auditing.Archive;

/// <summary>
/// The way to the archive's database: bounded, within a deadline, away from the grains' scheduler, and with one
/// exception for whatever goes wrong.
/// </summary>
internal sealed class ArchiveConnection(
    IArchiveDatabase database, ArchiveSchema schema, StoreGuard guard, StoreGuard searches, ArchiveOptions options,
    StorageMetrics metrics, TimeProvider time)
{
    private static readonly StoreOperation Reading = new("read");
    private static readonly StoreOperation Searching = new("search");
    private static readonly StoreOperation Writing = new("write");
    private static readonly StoreOperation Pinging = new("ping");

    private readonly StoreCalls _calls = new(database.System, guard.Store, metrics.ArchiveCalls, TimeProvider.System);
    private readonly StoreCalls _searches =
        new(database.System, searches.Store, metrics.ArchiveCalls, TimeProvider.System);

    // Before the guard's deadline, by as much as it takes to break off: who did so knows whether anything was written.
    private readonly TimeSpan _deadline = options.Timeout - TimeSpan.FromTicks(
        Math.Min(options.Timeout.Ticks / 4, TimeSpan.FromMilliseconds(500).Ticks));

    public IArchiveDatabase Database => database;

    public Task<T> ReadAsync<T>(Func<ArchiveSession, Task<T>> call) => RunAsync(
        Reading, CallKind.Read, cancellation => CallAsync(call, cancellation), CancellationToken.None);

    /// <summary>The same for what may take long, whatever state the archive is in.</summary>
    public Task<T> SearchAsync<T>(Func<ArchiveSession, Task<T>> call) => RunAsync(
        Searching, CallKind.Read, cancellation => CallAsync(
            async session =>
            {
                try
                {
                    return await call(session);
                }
                catch (Exception late) when (cancellation.IsCancellationRequested)
                {
                    throw new LongSearchException(late);
                }
            },
            cancellation), CancellationToken.None);

    /// <summary>Runs a call in one transaction. It ends with true; with false, nothing was written.</summary>
    public Task<bool> WriteAsync(Func<ArchiveSession, Task<bool>> call) => RunAsync(
        Writing, CallKind.Write, cancellation => WriteAsync(call, cancellation), CancellationToken.None);

    /// <summary>Whether the database answers, whatever its schema.</summary>
    public Task<bool> PingAsync(CancellationToken caller) => RunAsync(Pinging, CallKind.Read, async cancellation =>
    {
        await using var connection = await database.OpenAsync(cancellation);
        using var interrupt = database.Interrupt(connection, cancellation);
        return await new ArchiveSession(connection, null, cancellation).FirstAsync<int>("SELECT 1") == 1;
    }, caller);

    private async Task<T> CallAsync<T>(Func<ArchiveSession, Task<T>> call, CancellationToken cancellation)
    {
        await schema.EnsureAsync(cancellation);
        await using var connection = await database.OpenAsync(cancellation);
        using var interrupt = database.Interrupt(connection, cancellation);
        return await call(new ArchiveSession(connection, null, cancellation));
    }

    private async Task<bool> WriteAsync(Func<ArchiveSession, Task<bool>> call, CancellationToken cancellation)
    {
        DbConnection? connection = null;
        DbTransaction? transaction = null;
        IDisposable? turn = null, interrupt = null;
        try
        {
            try
            {
                await schema.EnsureAsync(cancellation);
                turn = await database.TakeTurnAsync(cancellation);
                connection = await database.OpenAsync(cancellation);
                interrupt = database.Interrupt(connection, cancellation);
                transaction = await connection.BeginTransactionAsync(cancellation);
                if (!await call(new ArchiveSession(connection, transaction, cancellation)))
                {
                    return false;
                }
            }
            catch (Exception failure)
            {
                throw new NothingWrittenException(failure);
            }

            await transaction.CommitAsync(cancellation);
            return true;
        }
        finally
        {
            // The interrupt before the connection: back in the pool, that is somebody else's.
            await ReleaseAsync(transaction, interrupt, connection, turn);
        }
    }

    private static async Task ReleaseAsync(
        DbTransaction? transaction, IDisposable? interrupt, DbConnection? connection, IDisposable? turn)
    {
        try
        {
            interrupt?.Dispose();
            await (transaction?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
        catch (DbException)
        {
            // A rollback that does not get through: the database rolls back by itself when the connection is gone.
        }
        finally
        {
            try
            {
                await (connection?.DisposeAsync() ?? ValueTask.CompletedTask);
            }
            finally
            {
                turn?.Dispose();
            }
        }
    }

    private Task<T> RunAsync<T>(
        StoreOperation operation, CallKind kind, Func<CancellationToken, Task<T>> call, CancellationToken caller) =>
        // Never on the caller's scheduler, which is a grain's: calls of SQLite block, those of PostgreSQL read and
        // write rows by the thousand.
        (operation == Searching ? searches : guard).RunAsync(kind, call, state => Task.Factory.StartNew(
            () => MeasureAsync(operation, state, caller), CancellationToken.None, TaskCreationOptions.DenyChildAttach,
            database.Threads).Unwrap());

    private async Task<T> MeasureAsync<T>(
        StoreOperation operation, Func<CancellationToken, Task<T>> call, CancellationToken caller)
    {
        var calls = operation == Searching ? _searches : _calls;
        var measured = calls.Start(operation);
        try
        {
            var answer = await WithinDeadlineAsync(call, caller);
            calls.Succeeded(measured);
            return answer;
        }
        catch (Exception failure)
        {
            calls.Failed(measured, failure is NothingWrittenException { InnerException: { } cause } ? cause : failure);
            throw;
        }
    }

    private async Task<T> WithinDeadlineAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken caller)
    {
        using var deadline = new CancellationTokenSource(_deadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, caller);
        try
        {
            return await call(either.Token);
        }
        catch (OperationCanceledException late) when (!caller.IsCancellationRequested)
        {
            throw new TimeoutException("The archive did not answer in time.", late);
        }
    }
}
