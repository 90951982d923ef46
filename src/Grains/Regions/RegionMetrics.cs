using System.Diagnostics.Metrics;

namespace Gatehouse.Grains.Regions;

/// <summary>The region's age as this silo knows it.</summary>
internal sealed class RegionMetrics
{
    public const string MeterName = "Gatehouse.Regions";

    private readonly Counter<long> _failures;
    private readonly Counter<long> _beatFailures;
    private double _ageSeconds = -1;
    private int _living;
    private int _silent;

    public RegionMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _failures = meter.CreateCounter<long>(
            "gatehouse.region.read.failures", description: "Failed reads of the region's age.");
        meter.CreateObservableGauge("gatehouse.region.age", () => Volatile.Read(ref _ageSeconds), "s",
            "Age of the region; -1 while it is unknown.");
        _beatFailures = meter.CreateCounter<long>(
            "gatehouse.region.heartbeat.failures", description: "Heartbeats that the global store did not answer.");
        meter.CreateObservableGauge("gatehouse.region.living", () => Volatile.Read(ref _living),
            description: "Regions heard in the last minute, this one too; 0 without a global store.");
        meter.CreateObservableGauge("gatehouse.region.silent", () => Volatile.Read(ref _silent),
            description: "Of the living regions, those not heard for 3 seconds.");
    }

    public void BeatFailed() => _beatFailures.Add(1);

    public void Heard(int living, int silent)
    {
        Volatile.Write(ref _living, living);
        Volatile.Write(ref _silent, silent);
    }

    public void ReadFailed() => _failures.Add(1);

    public void Read(DateTimeOffset startedAt, DateTimeOffset now) =>
        Volatile.Write(ref _ageSeconds, (now - startedAt).TotalSeconds);
}
