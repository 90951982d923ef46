using System.Text.RegularExpressions;
using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Deploy.Tests;

namespace Gatehouse.Chaos.Tests.Operations;

/// <summary>The series that a Prometheus has.</summary>
internal sealed class KnownSeries(IEnumerable<Series> series)
{
    private readonly ILookup<string, IReadOnlyDictionary<string, string>> _byMetric =
        series.ToLookup(one => one.Metric, one => one.Labels);

    public bool Has(string metric) => _byMetric.Contains(metric);

    public bool HasLabel(string metric, string label) => _byMetric[metric].Any(labels => labels.ContainsKey(label));

    /// <summary>Whether a series of the metric is selected by all of these at once.</summary>
    public bool HasAny(string metric, IEnumerable<PromQlMatcher> matchers)
    {
        var conditions = matchers.Select(matcher => (matcher.Label, Selects: Condition(matcher))).ToList();
        return _byMetric[metric].Any(
            labels => conditions.TrueForAll(condition => condition.Selects(labels.GetValueOrDefault(condition.Label, ""))));
    }

    private static Predicate<string> Condition(PromQlMatcher matcher)
    {
        // Prometheus' patterns are for the whole value.
        var pattern = matcher.Op.EndsWith('~') ? new Regex($"^(?:{matcher.Value})$") : null;
        return matcher.Op switch
        {
            "=" => value => value == matcher.Value,
            "!=" => value => value != matcher.Value,
            "=~" => pattern!.IsMatch,
            _ => value => !pattern!.IsMatch(value),
        };
    }
}
