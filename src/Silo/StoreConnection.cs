using Gatehouse.Grains.Storage;
using Microsoft.Extensions.DependencyInjection;
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
    /// Registers the connections of a silo's stores; where they are is asked for when the first call needs it.
    /// </summary>
    public static IServiceCollection AddStoreConnections(this IServiceCollection services)
    {
        services.AddSingleton<IConnectionMultiplexer>(
            static provider => Connect(Address(provider).ConnectionString, Data));
        services.AddKeyedSingleton<IConnectionMultiplexer>(State, static (provider, _) =>
            Connect(Address(provider).StateConnectionString ?? Address(provider).ConnectionString, State));
        services.AddSingleton<RedisConnection>();
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
