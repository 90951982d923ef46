using System.Diagnostics.Metrics;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Resilience;

namespace Gatehouse.Grains.RateLimiting;

/// <summary>
/// What the limiter decided, and what it could not know. Never tagged with a tenant, policy or subject.
/// </summary>
internal sealed class RateLimitingMetrics
{
    public const string MeterName = "Gatehouse.RateLimiting";

    private readonly Counter<long> _decisions;
    private readonly Counter<long> _storeFailures;
    private readonly Counter<long> _unreadable;

    public RateLimitingMetrics(IMeterFactory meters, TrackedSubjects tracked, TimeProvider time)
    {
        SaveFailures = new LogBudget(time);
        var meter = meters.Create(MeterName);
        _decisions = meter.CreateCounter<long>("gatehouse.ratelimit.decisions",
            description: "Decisions by reason, mode (enforce or shadow) and state (warm, cold or degraded).");
        _storeFailures = meter.CreateCounter<long>("gatehouse.ratelimit.store.failures",
            description: "Counts that could not be loaded, saved or deleted, by operation.");
        _unreadable = meter.CreateCounter<long>("gatehouse.ratelimit.snapshots.unreadable",
            description: "Stored counts that no format of this version reads.");
        meter.CreateObservableGauge(
            "gatehouse.ratelimit.subjects", () => tracked.Count, description: "Subjects tracked by this silo.");
        meter.CreateObservableCounter(
            "gatehouse.ratelimit.overflows", () => tracked.Overflows,
            description: "Subjects that shared their policy's overflow bucket: the silo tracks as many as it may.");
    }

    /// <summary>How often failures to save are also logged.</summary>
    public LogBudget SaveFailures { get; }

    public void Decided(in RateLimitDecision decision, EnforcementMode mode) => _decisions.Add(
        1,
        new KeyValuePair<string, object?>("reason", Tag(decision.Reason)),
        new KeyValuePair<string, object?>("mode", mode is EnforcementMode.Shadow ? "shadow" : "enforce"),
        new KeyValuePair<string, object?>("state", decision.Degraded ? "degraded" : decision.Cold ? "cold" : "warm"));

    public void StoreFailed(string operation) =>
        _storeFailures.Add(1, new KeyValuePair<string, object?>("operation", operation));

    public void SnapshotUnreadable() => _unreadable.Add(1);

    internal static string Tag(RateLimitReason reason) => reason switch
    {
        RateLimitReason.WithinLimit => "within_limit",
        RateLimitReason.OverLimit => "over_limit",
        RateLimitReason.CostExceedsLimit => "cost_exceeds_limit",
        RateLimitReason.AllowListed => "allow_listed",
        RateLimitReason.DenyListed => "deny_listed",
        RateLimitReason.StoreUnavailable => "store_unavailable",
        RateLimitReason.UnknownPolicy => "unknown_policy",
        RateLimitReason.OverGlobalLimit => "over_global_limit",
        _ => "none",
    };
}
