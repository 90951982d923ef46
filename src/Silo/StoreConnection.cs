using Gatehouse.Grains.Storage;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace Gatehouse.Silo;

/// <summary>Where the regional store is, and whether it has to be told to commit.</summary>
/// <param name="ConnectionString">As StackExchange.Redis reads it.</param>
/// <param name="NeedsCommit">Whether the store answers before what it wrote is durable.</param>
public sealed record StoreAddress(string ConnectionString, bool NeedsCommit);

internal static class StoreConnection
{
    /// <summary>Registers the connection; the store's address is asked for when the first call needs it.</summary>
    public static IServiceCollection AddStoreConnection(this IServiceCollection services)
    {
        services.AddSingleton<IConnectionMultiplexer>(provider => ConnectionMultiplexer.Connect(
            RedisConnection.Options(provider.GetRequiredService<StoreAddress>().ConnectionString, "gatehouse")));
        services.AddSingleton<RedisConnection>();
        services.AddSingleton<IStoreCommit>(provider => provider.GetRequiredService<StoreAddress>().NeedsCommit
            ? ActivatorUtilities.CreateInstance<AppendOnlyFileCommit>(provider)
            : new NoStoreCommit());
        return services;
    }
}
