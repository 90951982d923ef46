using Gatehouse.Grains.Abstractions.Membership;
using Gatehouse.Grains.Membership;
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
            : HealthCheckResult.Degraded("The regional Redis does not answer."));
}

/// <summary>A silo whose cluster has lost its table serves on: limits hold, but a second cluster can form.</summary>
internal sealed class MembershipHealthCheck(MembershipHealth membership) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(membership.Verdict switch
        {
            TableVerdict.Intact => HealthCheckResult.Healthy(),
            TableVerdict.Lost => HealthCheckResult.Degraded("The membership table does not name this silo."),
            _ => HealthCheckResult.Degraded("The membership table cannot be read."),
        });
}
