using System.Diagnostics.Metrics;
using Gatehouse.Grains.Abstractions.SigningKeys;

namespace Gatehouse.Grains.SigningKeys;

/// <summary>What happens to rings, and to those who sign with them.</summary>
internal sealed class SigningKeysMetrics
{
    private readonly Counter<long> _changes;
    private readonly Counter<long> _conflicts;
    private readonly Counter<long> _unwrapFailures;
    private readonly Counter<long> _renewals;
    private readonly Counter<long> _upkeepFailures;
    private readonly Histogram<double> _revocations;
    private readonly Histogram<double> _promotions;
    private readonly Histogram<double> _ages;

    public SigningKeysMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(KeyUseMetrics.MeterName);
        _changes = meter.CreateCounter<long>(
            "gatehouse.keys.changes", description: "Changes of rings, by operation and outcome.");
        _conflicts = meter.CreateCounter<long>(
            "gatehouse.keys.conflicts", description: "Changes that met a ring which somebody else had changed.");
        _unwrapFailures = meter.CreateCounter<long>(
            "gatehouse.keys.unwrap_failures", description: "Wrapped private keys that no configured key opens.");
        _renewals = meter.CreateCounter<long>(
            "gatehouse.keys.lease_renewals", description: "Attempts to renew a signer's lease, by outcome.");
        _upkeepFailures = meter.CreateCounter<long>(
            "gatehouse.keys.upkeep_failures", description: "Promotions and scheduled rotations that are tried again.");
        _revocations = meter.CreateHistogram<double>("gatehouse.keys.revocation_wait", "s",
            "How long a revocation waited until no signer could use the version.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.02, 0.1, 0.5, 1, 2, 5, 6] });
        _promotions = meter.CreateHistogram<double>("gatehouse.keys.promotion_wait", "s",
            "How long a version was published before it signed.",
            advice: new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [1, 10, 30, 60, 120, 600, 3600, 86_400],
            });
        _ages = meter.CreateHistogram<double>("gatehouse.keys.active_age", "s",
            "The age of an active key whenever a signer takes its ring in.",
            advice: new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [3600, 86_400, 604_800, 2_592_000, 7_776_000, 15_552_000, 31_536_000],
            });
    }

    public void Changed(KeyRingOperation operation, KeyRingOutcome outcome) => _changes.Add(
        1, Tag("operation", operation.Name()), Tag("outcome", outcome switch
        {
            KeyRingOutcome.Done => "done",
            KeyRingOutcome.NotFound => "not_found",
            KeyRingOutcome.WrongStatus => "wrong_status",
            KeyRingOutcome.TooEarly => "too_early",
            KeyRingOutcome.PreconditionFailed => "precondition_failed",
            KeyRingOutcome.TooMany => "too_many",
            KeyRingOutcome.Unreadable => "unreadable",
            _ => "none",
        }));

    public void Conflicted() => _conflicts.Add(1);

    public void UnwrapFailed() => _unwrapFailures.Add(1);

    public void Renewed(bool isGiven) => _renewals.Add(1, Tag("outcome", isGiven ? "given" : "failed"));

    public void UpkeepFailed() => _upkeepFailures.Add(1);

    public void Waited(TimeSpan wait) => _revocations.Record(wait.TotalSeconds);

    public void Promoted(TimeSpan published) => _promotions.Record(published.TotalSeconds);

    public void Took(TimeSpan activeAge) => _ages.Record(Math.Max(0, activeAge.TotalSeconds));

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
