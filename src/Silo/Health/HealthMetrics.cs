using System.Diagnostics.Metrics;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Gatehouse.Silo.Health;

/// <summary>What health says, for those who watch from outside.</summary>
internal sealed class HealthMetrics
{
    public const string MeterName = "Gatehouse.Health";

    private readonly Meter _meter;
    private double _skew;
    private volatile bool _isSkewKnown;

    public HealthMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(MeterName);
        _meter.CreateObservableGauge("gatehouse.health.clock_skew", Skew, "s",
            "This process's clock minus the regional store's, as far as that could be measured last.");
    }

    /// <summary>Begins to say what a process's readiness is.</summary>
    public void Watch(Readiness readiness)
    {
        _meter.CreateObservableGauge("gatehouse.health.status", () => Statuses(readiness),
            description: "Of a health check: 2 healthy, 1 degraded, 0 unhealthy.");
        _meter.CreateObservableGauge("gatehouse.health.ready",
            () => readiness.Status is HealthStatus.Unhealthy ? 0 : 1,
            description: "Whether /health/ready answers 200.");
    }

    public void Skewed(TimeSpan skew)
    {
        Volatile.Write(ref _skew, skew.TotalSeconds);
        _isSkewKnown = true;
    }

    private static IEnumerable<Measurement<int>> Statuses(Readiness readiness) => readiness.Checks.Select(
        check => new Measurement<int>((int)check.Status, new KeyValuePair<string, object?>("check", check.Name)));

    private IEnumerable<Measurement<double>> Skew() =>
        _isSkewKnown ? [new Measurement<double>(Volatile.Read(ref _skew))] : [];
}
