namespace Gatehouse.Benchmarks.Scale;

/// <summary>
/// Simulates 50 regions and prints what they cost and what they admit, and whether that is what the guarantees say.
/// </summary>
internal static class ScaleBenchmark
{
    public const int DefaultSeed = 1;

    public static int Run(int seed, TextWriter output)
    {
        output.WriteLine($"Seed {seed}. {ScaleCase.Regions} regions, {ScaleCase.HotSubjects:N0} hot subjects in each.");
        var results = new List<ScaleResult>();
        foreach (var table in ScaleTables.All)
        {
            var rows = table.Cases.Select(scaleCase => ScaleRun.Run(scaleCase, seed)).ToList();
            results.AddRange(rows);
            output.WriteLine();
            table.Write(rows, output);
        }

        output.WriteLine();
        foreach (var broken in results.Where(result => result.IsBroken))
        {
            output.WriteLine($"BROKEN: {broken.Case}, {broken.InOneRegion}, {broken.InAllRegions}");
        }

        var code = ExitCode(results);
        output.WriteLine(code == 0 ? $"All bounds hold in {results.Count} cases." : "A bound of docs/guarantees.md is broken.");
        return code;
    }

    public static int ExitCode(IEnumerable<ScaleResult> results) => results.Any(result => result.IsBroken) ? 1 : 0;
}
