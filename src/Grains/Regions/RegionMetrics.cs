using System.Diagnostics.Metrics;

namespace Gatehouse.Grains.Regions;

/// <summary>The region's age as this silo knows it.</summary>
internal sealed class RegionMetrics
{
    public const string MeterName = "Gatehouse.Regions";

    private readonly Counter<long> _failures;
    private double _ageSeconds = -1;

    public RegionMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _failures = meter.CreateCounter<long>(
            "gatehouse.region.read.failures", description: "Failed reads of the region's age.");
        meter.CreateObservableGauge("gatehouse.region.age", () => Volatile.Read(ref _ageSeconds), "s",
            "Age of the region; -1 while it is unknown.");
    }

    public void ReadFailed() => _failures.Add(1);

    public void Read(DateTimeOffset startedAt, DateTimeOffset now) =>
        Volatile.Write(ref _ageSeconds, (now - startedAt).TotalSeconds);
}
