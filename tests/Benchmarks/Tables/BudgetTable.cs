using System.Diagnostics;
using System.Text.Json;

namespace Gatehouse.Benchmarks.Tables;

/// <summary>
/// Every budget, each benchmark in a process of its own: none begins with the memory, the threads or the warm code of
/// another one.
/// </summary>
internal static class BudgetTable
{
    /// <summary>In the order of the table.</summary>
    private static readonly string[] Benchmarks =
        ["http", "gateway", "audit", "verifier", "memory", "start", "keys", "idempotency", "stopped", "overload"];

    /// <param name="some">Which of them; none: all.</param>
    public static async Task<int> RunAsync(params string[] some)
    {
        var (start, rows) = (TimeProvider.System.GetTimestamp(), new List<BudgetLine>());
        var benchmarks = some.Length == 0 ? Benchmarks : some;
        foreach (var benchmark in benchmarks)
        {
            rows.AddRange(await RunOneAsync(benchmark));
        }

        var table = new MarkdownTable("what", "must", "median", "spread", "rounds", "met");
        foreach (var row in rows)
        {
            table.Add(row.What, row.Must, row.Median, row.Spread, $"{row.Rounds}",
                row.IsMet switch { true => "yes", false => "**no**", null => "" });
        }

        var took = TimeProvider.System.GetElapsedTime(start);
        await BenchmarkDocument.WriteAsync("table", $"{Machine.Describe()}\n" +
            $"{benchmarks.Length} of {Benchmarks.Length} benchmarks, {took:mm\\:ss}.\n\n{table}");
        return rows.Any(row => row.IsMet is false) ? 1 : 0;
    }

    /// <summary>What the process of one benchmark says to the one that makes the table.</summary>
    public static void Save(IReadOnlyList<Row> rows, string file) => File.WriteAllText(file, JsonSerializer.Serialize(
        rows.Select(row => new BudgetLine(
            row.What, row.Must, row.Show(row.Median), row.Spread, row.Rounds.Count, row.IsMet))));

    private static async Task<BudgetLine[]> RunOneAsync(string benchmark)
    {
        Console.WriteLine($"\n== {benchmark}");
        var file = Path.GetTempFileName();
        try
        {
            using var process = Process.Start(
                "dotnet", [typeof(BudgetTable).Assembly.Location, "rows", benchmark, file]);
            await process.WaitForExitAsync();
            // The others are worth as much without it.
            return process.ExitCode is 0 or 1
                ? JsonSerializer.Deserialize<BudgetLine[]>(await File.ReadAllTextAsync(file))!
                : [new BudgetLine($"{benchmark}: ended with code {process.ExitCode}", "", "", "", 0, IsMet: false)];
        }
        finally
        {
            File.Delete(file);
        }
    }

    private sealed record BudgetLine(string What, string Must, string Median, string Spread, int Rounds, bool? IsMet);
}
