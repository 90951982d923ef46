using System.Globalization;
using System.Text;
using Gatehouse.Chaos.Tests.Clusters;
using Gatehouse.Chaos.Tests.Histories;
using Gatehouse.Chaos.Tests.Http;
using Gatehouse.Chaos.Tests.RateLimiting.Checkers;
using Gatehouse.Chaos.Tests.Scenarios;

namespace Gatehouse.Chaos.Tests.RateLimiting.Load;

/// <summary>Callers of limits, and what they were told held against what is promised of limits.</summary>
internal sealed class LimitWorkload : IWorkload
{
    private const int CallsShown = 400;

    private readonly LimitLoad _load;
    private readonly IReadOnlyList<IHistoryChecker<LimitCall>> _checkers;

    private LimitWorkload(string name, LimitLoad load, IReadOnlyList<IHistoryChecker<LimitCall>> checkers) =>
        (Name, _load, _checkers) = (name, load, checkers);

    public string Name { get; }

    /// <summary>In one region.</summary>
    public static async Task<LimitWorkload> StartAsync(ChaosRun run, string tenant)
    {
        await LoadPolicies.PutAsync(run.Regions[0], tenant, LoadPolicies.Regional);
        return new LimitWorkload(
            "limits", new LimitLoad(run, tenant, LoadPolicies.Regional, pressure: 2.5), LimitCheckers.Regional);
    }

    /// <summary>An attack on a region that is young.</summary>
    /// <param name="run">Its region.</param>
    /// <param name="name">Tells it from others of the run; its tenant is called so too.</param>
    /// <param name="from">From when on the region is young for certain.</param>
    /// <param name="to">Until when.</param>
    public static async Task<LimitWorkload> StartColdAsync(ChaosRun run, string name, TimeSpan from, TimeSpan to)
    {
        await LoadPolicies.PutAsync(run.Regions[0], run.Tenant(name), LoadPolicies.Regional, LoadPolicies.ColdFor);
        return new LimitWorkload(
            name, new LimitLoad(run, run.Tenant(name), LoadPolicies.Regional, pressure: 8),
            [
                new ColdBoundChecker(from, to, LoadPolicies.ColdFactor), new AdmissionBoundChecker(),
                new DeadlineChecker<LimitCall>(LimitCheckers.Deadline),
            ]);
    }

    /// <summary>In regions that share their limits.</summary>
    /// <param name="run">Its regions.</param>
    /// <param name="tenant">Whose limits.</param>
    /// <param name="unseenRegions">How many regions may be ahead of what the others know of them.</param>
    public static async Task<LimitWorkload> StartGlobalAsync(ChaosRun run, string tenant, int unseenRegions)
    {
        var limits = LoadPolicies.Global(run.Regions.Count);
        foreach (var region in run.Regions)
        {
            await LoadPolicies.PutAsync(region, tenant, limits);
        }

        return new LimitWorkload(
            "limits", new LimitLoad(run, tenant, limits, pressure: 1.5), LimitCheckers.Global(unseenRegions));
    }

    public Task StopAsync() => _load.StopAsync();

    public async Task<Judgement> JudgeAsync(IReadOnlyList<Fault> faults)
    {
        var history = History<LimitCall>.Of(await _load.StopAsync(), faults);
        return new Judgement(Name, _checkers.Check(history))
        {
            Summary = Summary(history),
            Operations = [.. history.Operations],
            Lacking = [.. Lacking(history)],
            Around = violation => Around(history, violation),
        };
    }

    /// <summary>How long calls felt each fault; of each hot subject, how much above the bare limit it got.</summary>
    private static string Summary(History<LimitCall> history)
    {
        var text = new StringBuilder($"{history.Operations.Count} calls ({Outcomes(history.Operations)})");
        foreach (var fault in history.Faults)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"\n  {fault.Region} {fault.Name}: calls without a decision: {Felt(history, fault)}");
        }

        foreach (var hot in SubjectHistory.Of(history).Where(subject => subject.Calls[0].Subject == LimitLoad.Hot))
        {
            var over = Over(hot, (from, to) => hot.Limit.Law.AdmittedMax(hot.Limit, from, to));
            text.Append(CultureInfo.InvariantCulture, $"\n  {hot}: {Outcomes(hot.Calls)}, over {over}");
        }

        foreach (var hot in SubjectHistory.AcrossRegions(history).Where(subject =>
            subject.Limit.GlobalUnits is not null && subject.Calls[0].Subject == LimitLoad.Hot))
        {
            var limit = hot.Limit with { Units = hot.Limit.GlobalUnits!.Value };
            var over = Over(hot, (from, to) => new SlidingWindowLaw().AdmittedMax(limit, from, to));
            text.Append(CultureInfo.InvariantCulture,
                $"\n  {hot}: over {over}, one region unseen {GlobalBoundChecker.UnseenMax(hot)}");
        }

        return text.ToString();
    }

    private static IEnumerable<string> Lacking(History<LimitCall> history)
    {
        var hot = SubjectHistory.Of(history).Where(subject => subject.Calls[0].Subject == LimitLoad.Hot).ToList();
        foreach (var subject in hot.Where(subject => subject.Admitted.Count < subject.Limit.Units / 2))
        {
            yield return $"{subject}: only {subject.Admitted.Count} admitted";
        }

        var refused = hot.Sum(subject => subject.Calls.Count(call => call.Outcome is CallOutcome.Refused));
        if (refused < LoadPolicies.Regional[0].Units)
        {
            yield return $"only {refused} refused";
        }

        var quiet = SubjectHistory.AcrossRegions(history)
            .Count(subject => subject.Calls[0].Subject != LimitLoad.Hot && subject.Admitted.Count > 1);
        if (quiet < LimitLoad.QuietSubjects / 2)
        {
            yield return $"only {quiet} quiet subjects";
        }
    }

    private static IEnumerable<LimitCall> Around(History<LimitCall> history, Violation violation)
    {
        var subject = SubjectHistory.Of(history).FirstOrDefault(subject => violation.Text.Contains(
            $"{subject.Limit.Policy}/{subject.Calls[0].Subject}", StringComparison.Ordinal)
            && violation.Text.Contains($"{subject.Region}/", StringComparison.Ordinal));
        return (subject?.Calls ?? history.Operations)
            .Where(call => call.End >= violation.From - (2 * call.Limit.Window) && call.Start <= violation.To)
            .TakeLast(CallsShown);
    }

    private static long Over(SubjectHistory subject, Func<TimeSpan, TimeSpan, long?> allowed) =>
        FullestInterval.AboveAllowed(subject.Admitted, allowed)?.Excess ?? 0;

    /// <summary>Calls that began since this fault and before the next, and were not decided.</summary>
    private static string Felt(History<LimitCall> history, Fault fault)
    {
        var next = history.Faults.FirstOrDefault(other => other.From > fault.From)?.From ?? TimeSpan.MaxValue;
        var undecided = history.Operations
            .Where(call => call.Outcome is not (CallOutcome.Admitted or CallOutcome.Refused)
                && call.End >= fault.From && call.Start < next).ToList();
        return undecided.Count == 0 ? "none" : string.Create(CultureInfo.InvariantCulture,
            $"{undecided.Count}, the last {(undecided.Max(call => call.End) - fault.From).TotalSeconds:0.0} s after it");
    }

    private static string Outcomes(IEnumerable<LimitCall> calls) => string.Join(", ", calls
        .GroupBy(call => (call.Outcome, IsDegraded: call.Answer is { Degraded: true }))
        .OrderBy(group => group.Key)
        .Select(group => $"{group.Count()} {(group.Key.IsDegraded ? "degraded " : "")}{group.Key.Outcome}"));
}
