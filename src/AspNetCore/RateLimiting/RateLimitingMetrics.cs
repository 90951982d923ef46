using System.Diagnostics.Metrics;

namespace Gatehouse.AspNetCore.RateLimiting;

/// <summary>Requests that Gatehouse gave no decision for.</summary>
internal sealed class RateLimitingMetrics(IMeterFactory meters)
{
    private readonly Counter<long> _undecided = meters.Create("Gatehouse.AspNetCore").CreateCounter<long>(
        "gatehouse.rate_limiting.undecided",
        description: "Requests without a decision of Gatehouse, by what became of them and why there was none.");

    public void Undecided(UnavailableRule rule, bool isRefused) => _undecided.Add(
        1,
        new KeyValuePair<string, object?>("outcome", rule is UnavailableRule.Allow ? "allowed" : "denied"),
        new KeyValuePair<string, object?>("cause", isRefused ? "refused" : "unavailable"));
}
