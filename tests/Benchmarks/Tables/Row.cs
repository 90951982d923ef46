using System.Globalization;

namespace Gatehouse.Benchmarks.Tables;

/// <summary>One line of a report: what was measured, once for each round, and what it must be.</summary>
internal sealed record Row(string What, IReadOnlyList<double> Rounds)
{
    private enum Relation
    {
        None,
        AtLeast,
        AtMost,
    }

    /// <summary>Behind each figure; empty for a ratio.</summary>
    public string Unit { get; init; } = "";

    public double Median { get; } = MedianOf(Rounds);

    /// <summary>Null where nothing is required.</summary>
    public bool? IsMet => Bound switch
    {
        Relation.AtLeast => Median >= Limit,
        Relation.AtMost => Median <= Limit,
        _ => null,
    };

    public string Must => Bound switch
    {
        Relation.AtLeast => $">= {Show(Limit)}",
        Relation.AtMost => $"<= {Show(Limit)}",
        _ => "",
    };

    public string Spread => $"{Number(Rounds.Min())} to {Number(Rounds.Max())}";

    private Relation Bound { get; init; }

    private double Limit { get; init; }

    public static Row AtLeast(string what, IEnumerable<double> rounds, double limit, string unit = "") =>
        new(what, [.. rounds]) { Bound = Relation.AtLeast, Limit = limit, Unit = unit };

    public static Row AtMost(string what, IEnumerable<double> rounds, double limit, string unit = "") =>
        new(what, [.. rounds]) { Bound = Relation.AtMost, Limit = limit, Unit = unit };

    /// <summary>Measured for its own sake.</summary>
    public static Row Of(string what, IEnumerable<double> rounds, string unit = "") => new(what, [.. rounds]) { Unit = unit };

    public static double MedianOf(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }

    public static string Number(double value) => value.ToString(
        Math.Abs(value) switch { >= 100 => "N0", >= 10 => "0.0", _ => "0.00" }, CultureInfo.InvariantCulture);

    public string Show(double value) => Unit.Length == 0 ? Number(value) : $"{Number(value)} {Unit}";
}
