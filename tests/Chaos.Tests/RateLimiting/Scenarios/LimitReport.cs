using System.Globalization;
using System.Text;
using Gatehouse.Chaos.Tests.Clusters;
using Gatehouse.Chaos.Tests.Histories;
using Gatehouse.Chaos.Tests.RateLimiting.Checkers;

namespace Gatehouse.Chaos.Tests.RateLimiting.Scenarios;

/// <summary>What a run measured, and all that it takes to understand why it failed. See docs/testing.md.</summary>
internal sealed class LimitReport(
    ChaosRound round, History<LimitCall> history, IReadOnlyList<Violation> violations)
{
    private const int ViolationsShown = 40;
    private const int CallsShown = 400;
    private const int LinesShown = 150;

    private readonly TimeSpan _start = history.Operations.Select(call => call.Start).FirstOrDefault();

    public IReadOnlyList<Violation> Violations => violations;

    public string Headline() => string.Join('\n', violations.Take(1)
        .Select(first => $"{first.Promise}: {first.Text}")
        .Prepend($"{violations.Count} promises broken with seed {round.Seed}; the report is in the output. The first:"));

    /// <summary>Faults and how long calls felt them; of each hot subject, how much above the bare limit it got.</summary>
    public string Summary()
    {
        var text = new StringBuilder($"{history.Operations.Count} calls ({Outcomes(history.Operations)})\n");
        foreach (var fault in history.Faults)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"{At(fault.From)}..{At(fault.To)} {fault.Region} {fault.Name}; calls without a decision: {Felt(fault)}\n");
        }

        foreach (var hot in SubjectHistory.Of(history).Where(subject => subject.Calls[0].Subject == LimitLoad.Hot))
        {
            var over = FullestInterval.AboveAllowed(
                hot.Admitted, (from, to) => hot.Limit.Law.AdmittedMax(hot.Limit, from, to))?.Excess ?? 0;
            text.Append(CultureInfo.InvariantCulture, $"{hot}: {Outcomes(hot.Calls)}, over {over}\n");
        }

        foreach (var hot in SubjectHistory.AcrossRegions(history).Where(subject =>
            subject.Limit.GlobalUnits is not null && subject.Calls[0].Subject == LimitLoad.Hot))
        {
            var limit = hot.Limit with { Units = hot.Limit.GlobalUnits!.Value };
            var over = FullestInterval.AboveAllowed(
                hot.Admitted, (from, to) => new SlidingWindowLaw().AdmittedMax(limit, from, to))?.Excess ?? 0;
            text.Append(CultureInfo.InvariantCulture,
                $"{hot}: over {over}, one region unseen {GlobalBoundChecker.UnseenMax(hot)}\n");
        }

        return text.ToString();
    }

    public string Details(IEnumerable<(string Name, string Output)> outputs)
    {
        var text = new StringBuilder($"REPORT, seed {round.Seed}\n");
        foreach (var violation in violations.Take(ViolationsShown))
        {
            text.Append(CultureInfo.InvariantCulture,
                $"{At(violation.From)}..{At(violation.To)} {violation.Promise}: {violation.Text}\n");
        }

        text.Append("CALLS around the first\n");
        foreach (var call in violations.Take(1).SelectMany(CallsAround))
        {
            text.Append(CultureInfo.InvariantCulture, $"{At(call.Start)}..{At(call.End)} {call}\n");
        }

        foreach (var (name, output) in outputs)
        {
            text.Append(CultureInfo.InvariantCulture, $"OUTPUT of {name}\n");
            text.AppendJoin('\n', output.Split('\n').TakeLast(LinesShown)).Append('\n');
        }

        return text.ToString();
    }

    private IEnumerable<LimitCall> CallsAround(Violation violation)
    {
        var subject = SubjectHistory.Of(history).FirstOrDefault(subject => violation.Text.Contains(
            $"{subject.Limit.Policy}/{subject.Calls[0].Subject}", StringComparison.Ordinal)
            && (violation.Text.Contains($"{subject.Region}/", StringComparison.Ordinal)));
        return (subject?.Calls ?? history.Operations)
            .Where(call => call.End >= violation.From - (2 * call.Limit.Window) && call.Start <= violation.To)
            .TakeLast(CallsShown);
    }

    /// <summary>Calls that began since this fault and before the next, and were not decided.</summary>
    private string Felt(Fault fault)
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

    private string At(TimeSpan time) => (time - _start).TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture);
}
