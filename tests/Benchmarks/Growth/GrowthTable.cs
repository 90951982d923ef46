using Gatehouse.Benchmarks.Tables;

namespace Gatehouse.Benchmarks.Growth;

/// <summary>One figure at each size; more rounds are more figures of each.</summary>
/// <param name="What">What is measured, and its unit.</param>
/// <param name="Sizes">The rounds at each size, from the smallest to the largest.</param>
internal sealed record GrowthRow(string What, IReadOnlyList<IReadOnlyList<double>> Sizes);

/// <summary>Rows by size, and what became of each figure from the smallest to the largest.</summary>
internal static class GrowthTable
{
    public static MarkdownTable Of(string title, IReadOnlyList<string> sizes, IReadOnlyList<GrowthRow> rows)
    {
        var table = new MarkdownTable([title, .. sizes, "largest / smallest"]);
        foreach (var row in rows)
        {
            var medians = row.Sizes.Select(Row.MedianOf).ToList();
            table.Add([row.What, .. row.Sizes.Select(Cell), Row.Number(medians[^1] / medians[0])]);
        }

        return table;
    }

    /// <summary>What contenders of different sizes did in turn.</summary>
    public static IReadOnlyList<GrowthRow> Of(IReadOnlyList<Contender> contenders) =>
    [
        new("check, requests/s", [.. contenders.Select(one => one.All(load => load.PerSecond))]),
        new("check, p50 in ms", [.. contenders.Select(one => one.All(load => load.Milliseconds(0.5)))]),
        new("check, p99 in ms", [.. contenders.Select(one => one.All(load => load.Milliseconds(0.99)))]),
        new("check, CPU in us, all processes", [.. contenders.Select(one => one.All(load => load.AllMicroseconds))]),
    ];

    private static string Cell(IReadOnlyList<double> rounds)
    {
        var row = Row.Of("", rounds);
        return $"{Row.Number(row.Median)} ({row.Spread})";
    }
}
