namespace Gatehouse.Benchmarks;

/// <summary>Something that takes turns with others in one run.</summary>
/// <param name="Name">For the report.</param>
/// <param name="Requests">What is sent, in this order and over again.</param>
/// <param name="Status">What every answer must be.</param>
internal sealed record Contender(string Name, byte[][] Requests, int Status)
{
    public List<Load> Loads { get; } = [];

    public long GrainCalls { get; set; }

    /// <summary>Round by round: what the machine does meanwhile hits both sides of a ratio.</summary>
    public IReadOnlyList<double> RatiosTo(Contender other) =>
        [.. Loads.Zip(other.Loads, (mine, theirs) => mine.PerSecond / theirs.PerSecond).Order()];
}

/// <summary>Prints what was measured, beside what it must be.</summary>
internal static class Report
{
    public static void Print(IEnumerable<Contender> contenders)
    {
        Console.WriteLine($"{"",-22}{"requests/s",14}{"p99 ms",10}{"CPU us/request",16}{"bytes/request",16}");
        foreach (var contender in contenders)
        {
            Console.WriteLine($"{contender.Name,-22}{Median(contender.Loads.Select(l => l.PerSecond)),14:N0}" +
                $"{Median(contender.Loads.Select(l => l.Latencies.Quantile(0.99).TotalMilliseconds)),10:0.00}" +
                $"{Median(contender.Loads.Select(l => l.ProcessorMicroseconds)),16:0.0}" +
                $"{Median(contender.Loads.Select(l => l.BytesPerRequest)),16:N0}");
        }

        Console.WriteLine($"\n{"ratio",-34}{"min",8}{"median",8}{"max",8}{"budget",10}");
    }

    public static bool IsAtLeast(string name, IReadOnlyList<double> ratios, double budget) =>
        Holds(name, ratios, ">=", budget, Median(ratios) >= budget);

    public static bool IsAtMost(string name, IReadOnlyList<double> ratios, double budget) =>
        Holds(name, ratios, "<=", budget, Median(ratios) <= budget);

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }

    private static bool Holds(string name, IReadOnlyList<double> ratios, string bound, double budget, bool holds)
    {
        Console.WriteLine($"{name,-34}{ratios.Min(),8:0.00}{Median(ratios),8:0.00}{ratios.Max(),8:0.00}" +
            $"{$"{bound} {budget:0.00}",10}{(holds ? "  holds" : "  MISSED")}");
        return holds;
    }
}
