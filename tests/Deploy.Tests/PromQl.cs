using System.Text.Json;

namespace Gatehouse.Deploy.Tests;

/// <summary>What the parser says of an expression: where it is wrong, and which metrics it reads.</summary>
internal sealed record PromQl(string Expression, IReadOnlyList<int> Errors, IReadOnlyList<string> Metrics)
{
    /// <summary>Parses many at once, by the grammar that Prometheus' own user interface uses.</summary>
    public static async Task<IReadOnlyList<PromQl>> ParseAsync(IEnumerable<string> expressions)
    {
        var all = expressions.ToList();
        var verdicts = JsonSerializer.Deserialize<List<Verdict>>(
            await Tool.NodeAsync("promql.mjs", JsonSerializer.Serialize(all)), JsonSerializerOptions.Web)!;
        return [.. all.Zip(verdicts, (text, verdict) => new PromQl(text, verdict.Errors, verdict.Metrics))];
    }

    private sealed record Verdict(List<int> Errors, List<string> Metrics);
}
