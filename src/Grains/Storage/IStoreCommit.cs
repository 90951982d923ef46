namespace Gatehouse.Grains.Storage;

/// <summary>
/// Makes what was written so far survive a crash. Redis with <c>appendfsync</c> does it by itself; the embedded store
/// answers before it is durable and has to be asked.
/// </summary>
internal interface IStoreCommit
{
    Task CommitAsync();
}

/// <summary>For a store that commits before it answers, or as its own settings say.</summary>
internal sealed class NoStoreCommit : IStoreCommit
{
    public Task CommitAsync() => Task.CompletedTask;
}

/// <summary>For the embedded store: <c>COMMITAOF</c> writes and syncs its append-only file.</summary>
internal sealed class AppendOnlyFileCommit(RedisConnection redis) : IStoreCommit
{
    public Task CommitAsync() => redis.Commands.CommitAofAsync();
}
