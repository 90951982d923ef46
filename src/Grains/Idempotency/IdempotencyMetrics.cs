using System.Diagnostics.Metrics;
using Gatehouse.Grains.Abstractions.Idempotency;

namespace Gatehouse.Grains.Idempotency;

/// <summary>What happens to idempotency keys: never a key or a tenant as a label.</summary>
internal sealed class IdempotencyMetrics
{
    public const string MeterName = "Gatehouse.Idempotency";

    private readonly Counter<long> _begins;
    private readonly Counter<long> _steps;
    private readonly Counter<long> _lostClaims;
    private readonly Counter<long> _legacyHits;

    public IdempotencyMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _begins = meter.CreateCounter<long>(
            "gatehouse.idempotency.begins", description: "Requests that wanted to begin, by what they were told.");
        _steps = meter.CreateCounter<long>(
            "gatehouse.idempotency.steps", description: "Completions, releases and renewals, by their outcome.");
        _lostClaims = meter.CreateCounter<long>("gatehouse.idempotency.lost_claims",
            description: "Claims that nobody knows of and that could not be given back; they hold their key.");
        _legacyHits = meter.CreateCounter<long>("idempotency.legacy_hits",
            description: "Requests that were answered by a record that only the older layout had.");
        // Whoever waits for it to stay 0 must be able to tell that from a counter that is not there.
        _legacyHits.Add(0);
    }

    public void Began(BeginOutcome outcome) =>
        _begins.Add(1, new KeyValuePair<string, object?>("outcome", outcome switch
        {
            BeginOutcome.Started => "started",
            BeginOutcome.Completed => "completed",
            BeginOutcome.Tombstoned => "tombstoned",
            BeginOutcome.InProgress => "in_progress",
            BeginOutcome.Unknown => "unknown",
            _ => "mismatch",
        }));

    public void Stepped(string step, StepOutcome outcome) => _steps.Add(
        1, new KeyValuePair<string, object?>("step", step), new KeyValuePair<string, object?>("outcome", outcome switch
        {
            StepOutcome.Done => "done",
            StepOutcome.Stale => "stale",
            StepOutcome.Absent => "absent",
            StepOutcome.Released => "released",
            _ => "unknown",
        }));

    public void ClaimLost() => _lostClaims.Add(1);

    public void LegacyHit() => _legacyHits.Add(1);
}
