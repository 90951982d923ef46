using Gatehouse.Deploy.Tests;

namespace Gatehouse.Chaos.Tests.Operations;

/// <summary>Finds what an expression asks for that the system does not have.</summary>
/// <param name="known">What the system has shown.</param>
/// <param name="unseen">What it can show, and has not.</param>
internal sealed class Drift(KnownSeries known, IReadOnlyCollection<UnseenMetric> unseen)
{
    public IEnumerable<string> Check(DeployedExpression expression, PromQl parsed)
    {
        IEnumerable<string> faults = parsed.Errors.Count > 0
            ? [$"does not parse at {parsed.Errors[0]}"]
            : parsed.Selectors.SelectMany(Check).Concat(parsed.Groupings.SelectMany(Check)).Distinct();
        return faults.Select(fault => $"{expression}: {fault}");
    }

    /// <summary>Whether it reads something that the system has not shown: then it may yield nothing.</summary>
    public bool ReadsUnseen(PromQl parsed) => parsed.Selectors.Any(IsExcused);

    private List<string> Check(PromQlSelector selector)
    {
        if (selector.Metric is not { } metric)
        {
            return ["a selector names no metric"];
        }

        var lacking = selector.Matchers.Where(matcher => !HasLabel(metric, matcher.Label))
            .Select(matcher => $"{metric} has no label {matcher.Label}").ToList();
        if (IsExcused(selector))
        {
            return lacking;
        }

        if (!known.Has(metric))
        {
            return [$"there is no metric {metric}"];
        }

        // What is left out may well be all that there is; what is asked for has to be there.
        var asked = selector.Matchers.Where(matcher => matcher.Op.StartsWith('=')).ToList();
        return lacking.Count > 0 || known.HasAny(metric, asked) ? lacking : [$"no series is selected by {Tell(selector)}"];
    }

    /// <summary>One of the metrics is enough: an operator carries a label over from one of its sides.</summary>
    private IEnumerable<string> Check(PromQlGrouping grouping)
    {
        // Those that are not there have been told of.
        var metrics = grouping.Metrics.Where(metric => known.Has(metric) || WholeOf(metric) is not null).ToList();
        return grouping.Labels.Where(label => metrics.Count > 0 && !metrics.Exists(metric => HasLabel(metric, label)))
            .Select(label => $"{string.Join(", ", metrics)} has no label {label}");
    }

    private bool HasLabel(string metric, string label) =>
        known.Has(metric) ? known.HasLabel(metric, label) : WholeOf(metric)?.MayHaveLabel(label) ?? true;

    private UnseenMetric? WholeOf(string metric) => unseen.FirstOrDefault(one => one.IsWhole && one.Metric == metric);

    /// <summary>It reads a metric that has not been seen, or nothing but values of a label that have not.</summary>
    private bool IsExcused(PromQlSelector selector) =>
        (!known.Has(selector.Metric ?? "") && WholeOf(selector.Metric ?? "") is not null)
        || selector.Matchers.Any(matcher => matcher.Op.StartsWith('=') && matcher.Value.Split('|').All(value =>
            unseen.Any(one => (one.Metric, one.Label, one.Value) == (selector.Metric, matcher.Label, value))));

    private static string Tell(PromQlSelector selector) => selector.Metric + "{"
        + string.Join(", ", selector.Matchers.Select(matcher => $"{matcher.Label}{matcher.Op}\"{matcher.Value}\"")) + "}";
}
