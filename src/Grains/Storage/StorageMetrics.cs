using System.Diagnostics.Metrics;

namespace Gatehouse.Grains.Storage;

/// <summary>What stores were asked, how long that took, and what they refused or did not answer.</summary>
internal sealed class StorageMetrics
{
    public const string MeterName = "Gatehouse.Storage";

    // As OpenTelemetry's conventions have them for this metric.
    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
    };

    private readonly Counter<long> _failures;
    private readonly Histogram<double> _durations;

    public StorageMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _failures = meter.CreateCounter<long>(
            "gatehouse.store.failures", description: "Store calls that failed, by operation.");
        _durations = meter.CreateHistogram<double>("db.client.operation.duration", "s",
            "How long commands to a store took, from when they were sent.", tags: null, Seconds);
    }

    public void Failed(string operation) =>
        _failures.Add(1, new KeyValuePair<string, object?>("operation", operation));

    public void Called(double seconds, ReadOnlySpan<KeyValuePair<string, object?>> labels) =>
        _durations.Record(seconds, labels);
}
