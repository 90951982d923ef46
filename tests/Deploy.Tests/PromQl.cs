using System.Text.Json;

namespace Gatehouse.Deploy.Tests;

/// <summary>A condition on a label: its operator is one of <c>=</c>, <c>!=</c>, <c>=~</c>, <c>!~</c>.</summary>
internal sealed record PromQlMatcher(string Label, string Op, string Value);

/// <summary>A metric that an expression reads, and which of its series. A selector without a name has no metric.</summary>
internal sealed record PromQlSelector(string? Metric, List<PromQlMatcher> Matchers);

/// <summary>Labels that at least one of these metrics has to have: the expression groups or matches by them.</summary>
internal sealed record PromQlGrouping(List<string> Labels, List<string> Metrics);

/// <summary>What the parser says of an expression: where it is wrong, and what it reads.</summary>
internal sealed record PromQl(
    string Expression, IReadOnlyList<int> Errors, IReadOnlyList<string> Metrics, IReadOnlyList<PromQlSelector> Selectors,
    IReadOnlyList<PromQlGrouping> Groupings)
{
    /// <summary>Parses many at once, by the grammar that Prometheus' own user interface uses.</summary>
    public static async Task<IReadOnlyList<PromQl>> ParseAsync(IEnumerable<string> expressions)
    {
        var all = expressions.ToList();
        var verdicts = JsonSerializer.Deserialize<List<Verdict>>(
            await Tool.NodeAsync("promql.mjs", JsonSerializer.Serialize(all)), JsonSerializerOptions.Web)!;
        return
        [
            .. all.Zip(verdicts, (text, verdict) => new PromQl(
                text, verdict.Errors, verdict.Metrics, verdict.Selectors, verdict.Groupings)),
        ];
    }

    private sealed record Verdict(
        List<int> Errors, List<string> Metrics, List<PromQlSelector> Selectors, List<PromQlGrouping> Groupings);
}
