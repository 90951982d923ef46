using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.RateLimiting;
using Gatehouse.Grains.RateLimiting.Ceilings;

namespace Gatehouse.Grains.Tests.Simulation.Worlds;

/// <summary>One activation of the subject, as it looks from outside.</summary>
internal sealed record ActivationLife(long BeginMs)
{
    public long EndMs { get; set; } = long.MaxValue;

    /// <summary>It told the store all that it had admitted before it ended.</summary>
    public bool HasToldAll { get; set; }

    /// <summary>When it answered without the store.</summary>
    public List<long> DegradedMs { get; } = [];
}

/// <summary>
/// All that was admitted, held against docs/guarantees.md and knowing nothing of how the product counts. What a fault
/// may cost is what that page allows it, and nothing without the fault.
/// </summary>
internal sealed class RateHistory(RateLimitPolicy policy)
{
    public const int CostMax = 6;

    /// <summary>What two silos' clocks may be apart: half a round trip each, when they were set.</summary>
    private const long ClockErrorMs = 4;

    private readonly long _windowMs = (long)policy.Window.TotalMilliseconds;
    private readonly long _chunk = Ceiling.Chunk(policy.Limit);
    private readonly long _cold = Quota.Cold(policy.Limit, policy.ColdStart.Factor);
    private readonly List<(long AtMs, long Units)> _admitted = [];
    private readonly List<ActivationLife> _lives = [];

    public IReadOnlyList<long> Flushes { get; set; } = [];

    // What one activation that ended may have left behind as used.
    private long WithheldMax => (2 * _chunk) + CostMax;

    public ActivationLife Begin(long nowMs)
    {
        var life = new ActivationLife(nowMs);
        _lives.Add(life);
        return life;
    }

    /// <summary>Takes in one answer. What it breaks; null: nothing.</summary>
    public string? Add(long nowMs, ActivationLife life, long cost, RateLimitDecision decision)
    {
        if (decision.Allowed && cost > 0)
        {
            _admitted.Add((nowMs, cost));
            return OverTheBound(nowMs);
        }

        return decision.Allowed || decision.Degraded || decision.Reason is not RateLimitReason.OverLimit
            ? null
            : Unjustified(nowMs, life, Math.Max(1, cost), decision.EffectiveLimit);
    }

    private string? OverTheBound(long nowMs)
    {
        var units = 0L;
        foreach (var (atMs, cost) in Enumerable.Reverse(_admitted))
        {
            units += cost;
            var bound = Bound(atMs, nowMs) + Allowed(atMs, nowMs);
            if (units > bound)
            {
                return $"{units} admitted in {nowMs - atMs} ms of a window of {_windowMs} ms, limit {policy.Limit} "
                    + $"({policy.Algorithm}), at most {bound}";
            }
        }

        return null;
    }

    /// <summary>What the algorithm admits from one moment to another.</summary>
    private long Bound(long fromMs, long toMs) => policy.Algorithm switch
    {
        RateLimitAlgorithm.SlidingWindow => toMs - fromMs < _windowMs - ClockErrorMs ? policy.Limit : long.MaxValue / 2,
        RateLimitAlgorithm.FixedWindow =>
            (fromMs - ClockErrorMs) / _windowMs == (toMs + ClockErrorMs) / _windowMs ? policy.Limit : long.MaxValue / 2,
        _ => policy.Limit + (policy.Limit * (toMs - fromMs + ClockErrorMs) / _windowMs) + 1,
    };

    /// <summary>
    /// A chunk for each activation that ended without a word or lived beside others; what the reduced limit admits for
    /// each that answered without the store, and for a store that came back empty. All of it for as long as it counts.
    /// </summary>
    private long Allowed(long fromMs, long toMs)
    {
        var sinceMs = fromMs - Horizon;
        var here = _lives.Where(life => life.BeginMs <= toMs && life.EndMs >= sinceMs).ToList();
        if (here.Count <= 1)
        {
            // Alone and alive, an activation counts all of it in memory.
            return 0;
        }

        var degraded = _lives.Count(life => life.DegradedMs.Any(at => at >= sinceMs && at <= toMs));
        // What one admits before the others learn of it comes again in each window, where they ask no more often.
        var windows = 1 + ((toMs - fromMs) / _windowMs);
        var chunks = windows * Math.Max(0, here.Count(life => !life.HasToldAll) - 1);
        return (chunks * _chunk) + ((degraded + Flushes.Count(at => at >= sinceMs && at <= toMs)) * _cold);
    }

    // A token bucket's debt goes back further than a window.
    private long Horizon => policy.Algorithm is RateLimitAlgorithm.TokenBucket ? 2 * _windowMs : 0;

    /// <summary>
    /// A refusal needs a cause: what counts, and what the ends of other activations may withhold.
    /// </summary>
    private string? Unjustified(long nowMs, ActivationLife asked, long cost, long limit)
    {
        var sinceMs = nowMs - (2 * _windowMs);
        var others = _lives.Count(life => life != asked && life.BeginMs <= nowMs && life.EndMs >= sinceMs);
        if (policy.Algorithm is RateLimitAlgorithm.TokenBucket
            && _lives.Any(life => life != asked && life.EndMs >= sinceMs && life.EndMs >= asked.BeginMs))
        {
            // What another one reserves anew, span by span, is debt each time, and nobody promises how much of it.
            return null;
        }

        var (span, bucket) = (_windowMs / 6, (_windowMs / 30) + 1);
        var countsFrom = nowMs - _windowMs - bucket - ClockErrorMs - (others > 0 ? span : 0);
        var counted = policy.Algorithm switch
        {
            RateLimitAlgorithm.TokenBucket => OwedAt(nowMs, asked) + 1,
            RateLimitAlgorithm.FixedWindow => _admitted.Where(entry =>
                (entry.AtMs + ClockErrorMs) / _windowMs >= (nowMs - ClockErrorMs) / _windowMs).Sum(entry => entry.Units),
            _ => _admitted.Where(entry => entry.AtMs > countsFrom).Sum(entry => entry.Units),
        };
        // What a store lost is told again, by each who knew of it, and with it what others had reserved.
        var losses = others == 0 ? 0 : Flushes.Count(at => at >= sinceMs && at <= nowMs);
        var withheld = policy.Algorithm is RateLimitAlgorithm.TokenBucket ? 0 : (others + losses) * WithheldMax;
        return counted + withheld + cost > limit
            ? null
            : $"refused {cost} of {limit} ({policy.Algorithm}, {_windowMs} ms) with {counted} in use and {withheld} "
                + $"withheld at most, by {others} others";
    }

    /// <summary>
    /// With what the ends of others, and losses of the store, may have added: it is owed until nothing is. A bucket that
    /// was young or reduced has drained at the lower rate.
    /// </summary>
    private long OwedAt(long nowMs, ActivationLife asked)
    {
        var isReduced = Flushes.Count > 0 || _lives.Any(life => life.DegradedMs.Count > 0);
        var perMs = (double)(isReduced ? _cold : policy.Limit) / _windowMs;
        // Each is known to a span, or to a thirtieth of the window.
        var added = WithheldMax + (policy.Limit / 6) + (policy.Limit / 30) + 2;
        var others = _lives.Where(life => life != asked).ToList();
        var debts = _admitted
            .Concat(others.Where(life => life.EndMs <= nowMs).Select(life => (AtMs: life.EndMs, Units: added)))
            .Concat(Flushes.Where(_ => others.Count > 0).Select(at => (AtMs: at, Units: added)));
        var (owed, atMs) = (0.0, 0L);
        foreach (var (at, units) in debts.OrderBy(debt => debt.AtMs))
        {
            owed = Math.Max(0, owed - (perMs * (at - atMs))) + units;
            atMs = at;
        }

        return (long)Math.Ceiling(Math.Max(0, owed - (perMs * (nowMs - atMs))));
    }
}
