using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Gatehouse.Silo.Health;

/// <summary>Whether this process is to be sent requests. Asks nobody: it knows what was found out last.</summary>
internal sealed class Readiness(
    IClusterPresence cluster, HealthSampler sampler, IHostApplicationLifetime lifetime, IOptions<HealthOptions> options)
{
    /// <summary>
    /// Degraded is ready: if each replica left for what all of them have lost, clients would get a proxy's error
    /// instead of this product's answers.
    /// </summary>
    public HealthStatus Status => lifetime.ApplicationStopping.IsCancellationRequested
        ? HealthStatus.Unhealthy
        : Checks.Select(check => check.Status).Min();

    /// <summary>Each check of this process.</summary>
    public IEnumerable<(string Name, HealthStatus Status)> Checks =>
        sampler.Verdicts.Select(verdict => (verdict.Name, StatusOf(verdict.Name, verdict.IsGood)));

    private HealthStatus StatusOf(string name, bool? isGood) =>
        // No dependency, and known at any time: no verdict of a few seconds ago stands in for it.
        name == CheckNames.Silo ? cluster.CanServe ? HealthStatus.Healthy : HealthStatus.Unhealthy
        : isGood is true ? HealthStatus.Healthy
        : isGood is false && options.Value.UnreadyOn.Contains(name) ? HealthStatus.Unhealthy
        : HealthStatus.Degraded;
}
