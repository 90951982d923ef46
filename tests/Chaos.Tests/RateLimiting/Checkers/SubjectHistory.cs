using Gatehouse.Chaos.Tests.Histories;

namespace Gatehouse.Chaos.Tests.RateLimiting.Checkers;

/// <summary>The calls of one subject in one region, and the faults of all.</summary>
internal sealed class SubjectHistory
{
    private readonly History<LimitCall> _history;

    private SubjectHistory(string? region, IReadOnlyList<LimitCall> calls, History<LimitCall> history)
    {
        (Region, Limit, Calls, _history) = (region, calls[0].Limit, calls, history);
        Admitted = [.. calls.Where(call => call.Outcome is CallOutcome.Admitted)];
        Counted = [.. calls.Where(call => call.MayCount).Select(AsLateAsItMayCount)];
        KnownToAll = [.. Admitted.Where(call => !MayHaveHadTwo(call))];
    }

    /// <summary>Null: all regions together.</summary>
    public string? Region { get; }

    public Limit Limit { get; }

    /// <summary>In the order of their start, as are the two below.</summary>
    public IReadOnlyList<LimitCall> Calls { get; }

    /// <summary>Certainly admitted.</summary>
    public IReadOnlyList<LimitCall> Admitted { get; }

    /// <summary>Possibly admitted.</summary>
    public IReadOnlyList<LimitCall> Counted { get; }

    /// <summary>
    /// Certainly admitted, and not while a process that was declared dead was back: of two activations each answers as of
    /// its last exchange with the store.
    /// </summary>
    private IReadOnlyList<LimitCall> KnownToAll { get; }

    public static IEnumerable<SubjectHistory> Of(History<LimitCall> history) => history.Operations
        .GroupBy(call => (call.Region, call.Limit.Policy, call.Subject))
        .Select(calls => new SubjectHistory(calls.Key.Region, [.. calls], history));

    /// <summary>All regions together.</summary>
    public static IEnumerable<SubjectHistory> AcrossRegions(History<LimitCall> history) => history.Operations
        .GroupBy(call => (call.Limit.Policy, call.Subject))
        .Select(calls => new SubjectHistory(null, [.. calls], history));

    /// <summary>How many units the faults in an interval may have let through.</summary>
    public long OverMax(TimeSpan from, TimeSpan to) =>
        FaultsIn(from, to).Sum(fault => (long)fault.ChunksOver) * Limit.Chunk;

    /// <summary>How many units the faults that a call may still feel may have taken from it.</summary>
    public long UnderMax(LimitCall call) => Remembered(call).Sum(fault =>
        ((long)fault.ChunksUnder * Limit.Chunk) + fault.UnitsUnder + Limit.Law.WithheldMax(Limit, fault));

    public long UsedMin(LimitCall call) => Math.Max(
        0, Limit.Law.UsedMin(Limit, KnownToAll, call) - OverMax(call.Start - Limit.Law.RemembersMax(Limit), call.End));

    public long UsedMax(LimitCall call) =>
        Limit.Law.UsedMax(Limit, Counted, call, Remembered(call).Any(fault => fault.Moves)) + UnderMax(call);

    public IEnumerable<Fault> FaultsIn(TimeSpan from, TimeSpan to) => _history.FaultsIn(Region, from, to);

    public override string ToString() => $"{Region ?? "all regions"}/{Limit.Policy}/{Calls[0].Subject}";

    // A call without a decision may lie in a process that is stopped, and be counted when that goes on.
    private LimitCall AsLateAsItMayCount(LimitCall call)
    {
        var revived = _history.Faults.Where(fault => fault.Revives && fault.IsOf(Region) && fault.To > call.End)
            .Select(fault => fault.To).DefaultIfEmpty().Max();
        return call.Outcome is CallOutcome.Admitted || revived == default ? call : call with { End = revived };
    }

    private bool MayHaveHadTwo(LimitCall call) => _history.Faults.Any(
        fault => fault.Revives && fault.IsOf(Region) && fault.Touches(call.Start, call.End));

    private IEnumerable<Fault> Remembered(LimitCall call) =>
        FaultsIn(call.Start - Limit.Law.RemembersMax(Limit), call.End);
}
