using System.Diagnostics.Metrics;
using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.ApiHost.RateLimiting;

/// <summary>Why a remembered refusal was dropped.</summary>
internal enum DenyDropCause
{
    /// <summary>Units were given back through this host.</summary>
    Refund = 1,

    /// <summary>The subject was reset through this host.</summary>
    Reset = 2,

    /// <summary>Another process of the region announced a refund or a reset.</summary>
    Announced = 3,

    /// <summary>The policy is another one than the refusal was decided by.</summary>
    Policy = 4,

    /// <summary>The set was full.</summary>
    Evicted = 5,
}

/// <summary>What the deny cache saved, and what it dropped.</summary>
internal sealed class DenyCacheMetrics
{
    // The limiter's own meter and instrument, so that all decisions are one number, whoever made them.
    private const string MeterName = "Gatehouse.RateLimiting";

    private readonly Meter _meter;
    private readonly Counter<long> _decisions;
    private readonly Counter<long> _drops;
    private long _repeated;

    public DenyCacheMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(MeterName);
        _decisions = _meter.CreateCounter<long>("gatehouse.ratelimit.decisions",
            description: "Decisions by reason, mode (enforce or shadow) and state (warm, cold or degraded).");
        _drops = _meter.CreateCounter<long>("gatehouse.ratelimit.denied.drops",
            description: "Remembered refusals that were dropped before their time, by cause.");
        _meter.CreateObservableCounter("gatehouse.ratelimit.denied.repeated", () => RepeatedCount,
            description: "Refusals that were answered from memory, without a grain call.");
    }

    public long RepeatedCount => Volatile.Read(ref _repeated);

    public void ObserveEntries(Func<int> count) => _meter.CreateObservableGauge(
        "gatehouse.ratelimit.denied.subjects", count, description: "Refused subjects that this host remembers.");

    public void Repeated(in RateLimitDecision decision)
    {
        Interlocked.Increment(ref _repeated);
        _decisions.Add(
            1,
            new KeyValuePair<string, object?>("reason", CheckResult.Tag(decision.Reason)),
            new KeyValuePair<string, object?>("mode", "enforce"),
            new KeyValuePair<string, object?>("state", decision.Cold ? "cold" : "warm"));
    }

    public void Dropped(DenyDropCause cause) => _drops.Add(1, new KeyValuePair<string, object?>("cause", cause switch
    {
        DenyDropCause.Refund => "refund",
        DenyDropCause.Reset => "reset",
        DenyDropCause.Announced => "announced",
        DenyDropCause.Policy => "policy",
        _ => "evicted",
    }));
}
