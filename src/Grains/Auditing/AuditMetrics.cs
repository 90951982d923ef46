using System.Diagnostics.Metrics;

namespace Gatehouse.Grains.Auditing;

/// <summary>What happens to the chains: never a tenant as a label.</summary>
internal sealed class AuditMetrics
{
    public const string MeterName = "Gatehouse.Auditing";

    private readonly Counter<long> _events;
    private readonly Counter<long> _retries;
    private readonly Counter<long> _failures;
    private readonly Counter<long> _opened;
    private readonly Histogram<int> _batches;

    public AuditMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _events = meter.CreateCounter<long>("gatehouse.audit.events", description: "Events recorded.");
        _retries = meter.CreateCounter<long>(
            "gatehouse.audit.retries", description: "Commits that had to be tried again, by the store's answer.");
        _failures = meter.CreateCounter<long>(
            "gatehouse.audit.failures", description: "Commits that were given up, by reason.");
        _opened = meter.CreateCounter<long>(
            "gatehouse.audit.opened", description: "Chains taken over, by the state they were found in.");
        _batches = meter.CreateHistogram<int>("gatehouse.audit.batch_size", description: "Events per commit.",
            advice: new InstrumentAdvice<int>
            {
                HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000],
            });
    }

    public void Committed(int events)
    {
        _events.Add(events);
        _batches.Record(events);
    }

    public void Retried(string answer) => _retries.Add(1, new KeyValuePair<string, object?>("answer", answer));

    public void GaveUp(string reason) => _failures.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void Opened(string state) => _opened.Add(1, new KeyValuePair<string, object?>("state", state));
}
