using System.Diagnostics.Metrics;

namespace Gatehouse.AspNetCore.Idempotency;

/// <summary>What happens to requests with a key; never a key or a caller as a label.</summary>
internal sealed class IdempotencyMetrics
{
    public const string MeterName = "Gatehouse.AspNetCore.Idempotency";

    private readonly Counter<long> _requests;
    private readonly Counter<long> _unrecorded;
    private readonly Counter<long> _repairs;
    private readonly Counter<long> _lostClaims;

    public IdempotencyMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _requests = meter.CreateCounter<long>(
            "gatehouse.idempotency.requests", description: "Requests with an Idempotency-Key, by what became of them.");
        _unrecorded = meter.CreateCounter<long>("gatehouse.idempotency.unrecorded",
            description: "Answers that were given and not recorded, by reason: unavailable, stale or absent.");
        _repairs = meter.CreateCounter<long>("gatehouse.idempotency.repairs",
            description: "Records that were made up for later, by outcome: done, stale, absent, or lost.");
        _lostClaims = meter.CreateCounter<long>("gatehouse.idempotency.lost_claims",
            description: "Claims that nobody knows of and that could not be given back; they hold their key.");
    }

    /// <summary>A request was run, given its first answer again, or refused.</summary>
    public void Handled(string outcome) => _requests.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void Unrecorded(string reason) => _unrecorded.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void ClaimLost() => _lostClaims.Add(1);

    public void Repaired(string outcome) => _repairs.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public static string Word(ClaimEnd end) => end switch
    {
        ClaimEnd.Done => "done",
        ClaimEnd.Stale => "stale",
        ClaimEnd.Absent => "absent",
        _ => "lost",
    };
}
