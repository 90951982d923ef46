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

    // A transaction can take as long as its time-out allows, which is a minute at most.
    private static readonly InstrumentAdvice<double> LongSeconds = new()
    {
        HistogramBucketBoundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60],
    };

    private readonly Counter<long> _failures;

    public StorageMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _failures = meter.CreateCounter<long>(
            "gatehouse.store.failures", description: "Store calls that failed, by operation.");
        Commands = meter.CreateHistogram<double>("db.client.operation.duration", "s",
            "How long commands to a Redis took, from when they were sent.", tags: null, Seconds);
        ArchiveCalls = meter.CreateHistogram<double>("gatehouse.archive.operation.duration", "s",
            "How long calls of the audit archive took, from when they had their place.", tags: null, LongSeconds);
    }

    /// <summary>By <see cref="StoreCalls"/>: what is asked of a Redis.</summary>
    public Histogram<double> Commands { get; }

    /// <summary>The same of the archive: transactions in SQL, which nobody should see among commands to a Redis.
    /// </summary>
    public Histogram<double> ArchiveCalls { get; }

    public void Failed(string operation) =>
        _failures.Add(1, new KeyValuePair<string, object?>("operation", operation));
}
