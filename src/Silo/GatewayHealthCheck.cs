using Gatehouse.Grains.Abstractions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans;

namespace Gatehouse.Silo;

/// <summary>How many silos a client is connected to.</summary>
internal sealed class GatewayCount : IClusterConnectionStatusObserver
{
    private volatile int _connected;

    public int Connected => _connected;

    public void NotifyGatewayCountChanged(
        int currentNumberOfGateways, int previousNumberOfGateways, bool connectionRecovered) =>
        _connected = currentNumberOfGateways;

    public void NotifyClusterConnectionLost() => _connected = 0;
}

/// <summary>
/// A client that has lost every silo answers 429. That degrades, so that not every API host leaves at once. Before it
/// found its first silo it does not listen, so it cannot be asked.
/// </summary>
internal sealed class GatewayHealthCheck(GatewayCount gateways, IGrainFactory grains, GatehouseOptions options)
    : IHealthCheck
{
    private static readonly TimeSpan SearchMax = TimeSpan.FromSeconds(1);

    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (gateways.Connected == 0)
        {
            // A client looks for silos only to make a call.
            Task search = grains.Region(options.Region).GetAsync();
            await search.WaitAsync(SearchMax, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return gateways.Connected > 0
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Degraded("No silo is connected.");
    }
}
