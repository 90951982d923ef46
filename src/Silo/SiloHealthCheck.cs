using Gatehouse.Grains.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Orleans.Runtime;
using StackExchange.Redis;

namespace Gatehouse.Silo;

/// <summary>Ready means: the silo is an active member of its cluster and the process is not stopping.</summary>
internal sealed class SiloHealthCheck(ISiloStatusOracle oracle, IHostApplicationLifetime lifetime) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var isStopping = lifetime.ApplicationStopping.IsCancellationRequested;
        var isReady = oracle.CurrentStatus is SiloStatus.Active && !isStopping;
        return Task.FromResult(isReady ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy());
    }
}

/// <summary>
/// A lost store degrades, it does not make every replica leave at once. Asks the connections, not the store.
/// </summary>
internal sealed class StoreHealthCheck(
    RedisConnection data, [FromKeyedServices(StoreConnection.State)] IConnectionMultiplexer state) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(data.Multiplexer.IsConnected && state.IsConnected
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Degraded());
}
