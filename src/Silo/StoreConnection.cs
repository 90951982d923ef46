using Gatehouse.Grains.Resilience;
using Gatehouse.Grains.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using StackExchange.Redis;

namespace Gatehouse.Silo;

/// <summary>Where the regional store is, and whether it has to be told to commit.</summary>
/// <param name="ConnectionString">As StackExchange.Redis reads it.</param>
/// <param name="NeedsCommit">Whether the store answers before what it wrote is durable.</param>
public sealed record StoreAddress(string ConnectionString, bool NeedsCommit)
{
    /// <summary>Where grain state is kept. Default: the same place.</summary>
    public string? StateConnectionString { get; init; }

    /// <summary>The Redis that the settings name.</summary>
    public static StoreAddress From(RedisOptions redis) => new(redis.ConnectionString!, NeedsCommit: false)
    {
        StateConnectionString = redis.StateConnectionString,
    };
}

/// <summary>
/// One connection each for membership, grain state and data: each can have a Redis user of its own, and a flood on one
/// does not hold up the others. They are told apart by name in CLIENT LIST.
/// </summary>
internal static class StoreConnection
{
    /// <summary>Who is in the cluster.</summary>
    public const string Membership = "gatehouse-membership";

    /// <summary>Tenants, as Orleans grain state.</summary>
    public const string State = "gatehouse-state";

    /// <summary>Counts and the region's age; the connection behind <see cref="RedisConnection"/>.</summary>
    public const string Data = "gatehouse-data";

    /// <summary>
    /// Registers the connections of a silo's stores. Call it before the silo is added: they are made in that order.
    /// </summary>
    public static IServiceCollection AddStoreConnections(this IServiceCollection services)
    {
        services.AddSingleton<IConnectionMultiplexer>(
            static provider => Connect(Address(provider).ConnectionString, Data));
        services.AddKeyedSingleton<IConnectionMultiplexer>(State, static (provider, _) =>
            Connect(Address(provider).StateConnectionString ?? Address(provider).ConnectionString, State));
        services.AddSingleton(static provider => new RedisConnection(
            provider.GetRequiredService<IConnectionMultiplexer>(),
            provider.GetRequiredKeyedService<StoreGuard>(GuardedStores.Data),
            provider.GetRequiredService<StorageMetrics>()));
        services.AddSingleton(
            static provider => new StateStore(IsApart: Address(provider).StateConnectionString is not null));
        services.AddHostedService<StoreConnecting>();
        services.AddSingleton<IStoreCommit>(provider => Address(provider).NeedsCommit
            ? ActivatorUtilities.CreateInstance<AppendOnlyFileCommit>(provider)
            : new NoStoreCommit());
        return services;
    }

    /// <summary>Registers the connection to the membership table, for a silo and for a client alike.</summary>
    public static IServiceCollection AddMembershipConnection(this IServiceCollection services, RedisOptions redis) =>
        services.AddKeyedSingleton<IConnectionMultiplexer>(Membership, (_, _) =>
            Connect(redis.MembershipConnectionString ?? redis.ConnectionString!, Membership));

    private static StoreAddress Address(IServiceProvider provider) => provider.GetRequiredService<StoreAddress>();

    private static ConnectionMultiplexer Connect(string connectionString, string name) =>
        ConnectionMultiplexer.Connect(RedisConnection.Options(connectionString, name));
}

/// <summary>
/// Connects before the silo starts. Left to the first calls, dozens of them would each hold a thread while one of them
/// connects, and connecting needs threads: a silo that just joined answered nobody, and no probe, for three seconds.
/// </summary>
internal sealed class StoreConnecting(
    [FromKeyedServices(StoreConnection.State)] IConnectionMultiplexer state, RedisConnection data) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Task greeting = Task.WhenAll(state.GetDatabase().PingAsync(), data.Database.PingAsync());
        // A store that is away is no reason not to start; each call finds out for itself, and fails fast.
        await greeting.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
