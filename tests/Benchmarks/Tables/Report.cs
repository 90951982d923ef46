namespace Gatehouse.Benchmarks.Tables;

/// <summary>Prints what was measured, beside what it must be.</summary>
internal static class Report
{
    public static void Print(IEnumerable<Contender> contenders)
    {
        Console.WriteLine($"\n{"",-22}{"requests/s",14}{"p99 ms",10}{"CPU us/request",16}{"bytes/request",16}");
        foreach (var contender in contenders)
        {
            Console.WriteLine($"{contender.Name,-22}{contender.Median(load => load.PerSecond),14:N0}" +
                $"{contender.Median(load => load.Milliseconds(0.99)),10:0.00}" +
                $"{contender.Median(load => load.ProcessorMicroseconds),16:0.0}" +
                $"{contender.Median(load => load.BytesPerRequest),16:N0}");
        }
    }

    public static void Print(IReadOnlyList<Row> rows)
    {
        Console.WriteLine($"\n{"",-52}{"must",20}{"median",12}   spread");
        foreach (var row in rows)
        {
            var verdict = row.IsMet switch { true => "holds", false => "MISSED", null => "" };
            Console.WriteLine(
                $"{row.What,-52}{row.Must,20}{Row.Number(row.Median),12}   {row.Spread} ({row.Rounds.Count})  {verdict}");
        }
    }

    /// <summary>Prints the rows; the exit code is 1 when one of them is missed.</summary>
    public static int Conclude(IReadOnlyList<Row> rows)
    {
        Print(rows);
        return rows.Any(row => row.IsMet is false) ? 1 : 0;
    }
}
