using System.Diagnostics.Metrics;

namespace Gatehouse.Grains.RateLimiting.Ceilings;

/// <summary>How reserving in the store goes.</summary>
internal sealed class CeilingMetrics
{
    private readonly Counter<long> _reservations;
    private readonly Counter<long> _waits;
    private readonly Counter<long> _syncs;

    public CeilingMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(RateLimitingMetrics.MeterName);
        _reservations = meter.CreateCounter<long>("gatehouse.ratelimit.reservations",
            description: "Requests to the regional store by outcome: acknowledged, failed, forgotten (the store lost "
                + "what it had acknowledged) or unreadable (it holds what this version did not write).");
        _waits = meter.CreateCounter<long>("gatehouse.ratelimit.reservation.waits",
            description: "Calls that needed more than was reserved, by outcome: acknowledged, failed, timed_out, or "
                + "refused (not waited: the store does not answer).");
        _syncs = meter.CreateCounter<long>("gatehouse.ratelimit.global.syncs",
            description: "Exchanges of counts with the other regions, by outcome: acknowledged, failed or timed_out.");
    }

    public void Answered(string outcome) => _reservations.Add(1, Outcome(outcome));

    public void Waited(string outcome) => _waits.Add(1, Outcome(outcome));

    public void Synced(string outcome) => _syncs.Add(1, Outcome(outcome));

    private static KeyValuePair<string, object?> Outcome(string outcome) => new("outcome", outcome);
}
