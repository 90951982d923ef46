using Gatehouse.Grains.Storage;
using StackExchange.Redis;

namespace Gatehouse.Silo.Health;

/// <summary>Whether the regional Redis keeps what it is given.</summary>
internal sealed class PersistenceCheck(CheckedConnection store) : IDependencyCheck
{
    // By a script: the client sends INFO itself only for who may do everything, and no connection here is to.
    private const string Script = "return redis.call('INFO', 'persistence') .. redis.call('INFO', 'memory')";

    public string Name => CheckNames.Persistence;

    public TimeSpan Deadline { get; } = TimeSpan.FromSeconds(1);

    public async Task<CheckResult> LookAsync(CancellationToken cancellationToken)
    {
        var database = await store.ConnectAsync();
        string info;
        try
        {
            info = (string)(await database.ScriptEvaluateAsync(Script))!;
        }
        catch (Exception failure) when (failure is RedisException or TimeoutException)
        {
            // That the store is away is another check's finding.
            return new CheckResult(CheckOutcome.Unknown, "The store did not say how it keeps data.")
            {
                Failure = failure,
            };
        }

        var said = RedisPersistence.Read(info);
        var faults = RedisPersistence.Faults(said);
        return new CheckResult(
            faults.Count == 0 ? CheckOutcome.Good : CheckOutcome.Bad,
            faults.Count == 0 ? null : string.Join(' ', faults)) { Data = said };
    }
}

/// <summary>
/// The same for the embedded store, whose settings are this program's: whether its log can be written.
/// </summary>
internal sealed class EmbeddedPersistenceCheck(IStoreCommit commit) : IDependencyCheck
{
    public string Name => CheckNames.Persistence;

    public TimeSpan Deadline { get; } = TimeSpan.FromSeconds(2);

    public async Task<CheckResult> LookAsync(CancellationToken cancellationToken)
    {
        await commit.CommitAsync();
        return new CheckResult(CheckOutcome.Good, "The embedded store has written its log.")
        {
            Data = new Dictionary<string, object> { ["store"] = "embedded" },
        };
    }
}
