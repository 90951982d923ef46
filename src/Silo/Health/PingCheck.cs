using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Resilience;
using StackExchange.Redis;

namespace Gatehouse.Silo.Health;

/// <summary>A connection to a Redis that is there already, or is made at the first call and kept.</summary>
/// <param name="Name">What it is for.</param>
/// <param name="ConnectAsync">How to get at it.</param>
internal sealed record CheckedConnection(string Name, Func<Task<IDatabase>> ConnectAsync)
{
    /// <summary>What the calls of grains pass on their way to it, if they do.</summary>
    public StoreGuard? Guard { get; init; }

    /// <summary>Of a connection that others make; it is not asked for before the first look.</summary>
    public static CheckedConnection Of(
        string name, Func<IConnectionMultiplexer> multiplexer, StoreGuard? guard = null) =>
        new(name, () => Task.FromResult(multiplexer().GetDatabase())) { Guard = guard };
}

/// <summary>Whether a Redis answers on each of some connections.</summary>
internal sealed class PingCheck(string name, params IReadOnlyList<CheckedConnection> connections) : IDependencyCheck
{
    public string Name => name;

    public TimeSpan Deadline { get; } = TimeSpan.FromSeconds(1);

    public async Task<CheckResult> LookAsync(CancellationToken cancellationToken)
    {
        var answers = await Task.WhenAll(
            connections.Select(connection => PingAsync(connection, Deadline, cancellationToken)));
        var silent = answers.Where(answer => answer.Latency is null).ToList();
        var data = answers.Where(answer => answer.Latency is not null).ToDictionary(
            answer => $"{answer.Name}Milliseconds", object (answer) => answer.Latency!.Value.TotalMilliseconds);
        return silent.Count == 0
            ? new CheckResult(CheckOutcome.Good) { Data = data }
            : new CheckResult(
                CheckOutcome.Bad, $"No answer for: {string.Join(", ", silent.Select(answer => answer.Name))}.")
            {
                Data = data,
                Failure = silent[0].Failure,
            };
    }

    private static async Task<(string Name, TimeSpan? Latency, Exception? Failure)> PingAsync(
        CheckedConnection connection, TimeSpan deadline, CancellationToken cancellationToken)
    {
        try
        {
            var database = await connection.ConnectAsync();
            // A little before the deadline of the whole, so that it can be said which one did not answer.
            var latency = await database.PingAsync().WaitAsync(deadline * 0.9, cancellationToken);
            await TryCircuitAsync(connection.Guard, database);
            return (connection.Name, latency, null);
        }
        catch (Exception failure) when (failure is RedisException or TimeoutException)
        {
            return (connection.Name, null, failure);
        }
    }

    /// <summary>
    /// A circuit closes by calls that succeed. Without this, a process that has no calls to make would say for ever
    /// that its circuit is open.
    /// </summary>
    private static async Task TryCircuitAsync(StoreGuard? guard, IDatabase database)
    {
        if (guard is null or { IsClosed: true })
        {
            return;
        }

        try
        {
            await guard.RunAsync(CallKind.Read, database, static database => database.PingAsync());
        }
        catch (ServiceOverloadedException)
        {
            // Not yet: its metric says so.
        }
    }
}
