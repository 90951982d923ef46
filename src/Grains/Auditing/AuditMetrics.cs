using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Gatehouse.Grains.Abstractions.Auditing;

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
    private readonly Counter<long> _sealFailures;
    private readonly Histogram<double> _seals;
    private readonly Counter<long> _dropped;
    private readonly Counter<long> _prunes;
    private readonly Counter<long> _repairs;
    private readonly Counter<long> _upkeepFailures;

    // By activation: what waits for the archive, and since when.
    private readonly ConcurrentDictionary<object, (long Entries, long Since)> _waiting = new();
    private readonly TimeProvider _time;

    public AuditMetrics(IMeterFactory meters, TimeProvider time)
    {
        _time = time;
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
        _sealFailures = meter.CreateCounter<long>(
            "gatehouse.audit.seal_failures", description: "Checkpoints that were not signed, by reason.");
        _seals = meter.CreateHistogram<double>("gatehouse.audit.seal.duration", unit: "s",
            description: "How long it took to archive what was new and to sign a checkpoint of it.",
            advice: new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
            });
        _dropped = meter.CreateCounter<long>(
            "gatehouse.audit.dropped", description: "Entries that left the regional store for the archive.");
        _prunes = meter.CreateCounter<long>(
            "gatehouse.audit.prunes", description: "Deletions of entries that were not to be kept any longer.");
        _repairs = meter.CreateCounter<long>(
            "gatehouse.audit.repairs", description: "Frozen chains that an operator let go on, by how.");
        _upkeepFailures = meter.CreateCounter<long>(
            "gatehouse.audit.upkeep_failures", description: "Chains that could not be looked after in time.");
        meter.CreateObservableGauge("gatehouse.audit.unarchived", () => _waiting.Values.Sum(chain => chain.Entries),
            description: "Entries that only the regional store has.");
        meter.CreateObservableGauge("gatehouse.audit.unarchived.age", OldestAge, unit: "s",
            description: "For how long the chain that waits longest for the archive has waited.");
    }

    public void Committed(int events)
    {
        _events.Add(events);
        _batches.Record(events);
    }

    public void Retried(string answer) => _retries.Add(1, new KeyValuePair<string, object?>("answer", answer));

    public void GaveUp(string reason) => _failures.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void Opened(string state) => _opened.Add(1, new KeyValuePair<string, object?>("state", state));

    public void Waiting(object chain, long entries)
    {
        if (entries == 0)
        {
            _waiting.TryRemove(chain, out _);
        }
        else
        {
            _waiting.AddOrUpdate(chain, static (_, now) => now, static (_, known, now) => (now.Entries, known.Since),
                (Entries: entries, Since: _time.GetTimestamp()));
        }
    }

    public void Sealed(object chain, TimeSpan took, long left)
    {
        _seals.Record(took.TotalSeconds);
        _waiting.TryRemove(chain, out _);
        Waiting(chain, left);
    }

    public void Left(object chain) => _waiting.TryRemove(chain, out _);

    public void SealFailed(string reason) =>
        _sealFailures.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void Dropped(long entries) => _dropped.Add(entries);

    public void Pruned() => _prunes.Add(1);

    public void Repaired(AuditRepairOutcome outcome) => _repairs.Add(1, new KeyValuePair<string, object?>(
        "outcome", outcome is AuditRepairOutcome.Restored ? "restored" : "continued"));

    public void UpkeepFailed() => _upkeepFailures.Add(1);

    private double OldestAge()
    {
        var now = _time.GetTimestamp();
        return _waiting.IsEmpty ? 0 : _waiting.Values.Max(chain => _time.GetElapsedTime(chain.Since, now).TotalSeconds);
    }
}
