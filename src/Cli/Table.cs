namespace Gatehouse.Cli;

/// <summary>Rows of text in columns.</summary>
internal static class Table
{
    private const string Gap = "  ";

    /// <summary>A line of headings and a line per row.</summary>
    public static void Write(Terminal terminal, IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows)
    {
        var lines = rows.Prepend(headings).Select(row => row.Select(Terminal.Printable).ToArray()).ToList();
        var widths = headings.Select((_, column) => lines.Max(line => line[column].Length)).ToArray();
        foreach (var line in lines)
        {
            terminal.WriteLine(
                string.Join(Gap, line.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        }
    }

    /// <summary>A line per name and value; values that are null are left out.</summary>
    public static void WriteFields(Terminal terminal, params (string Name, string? Value)[] fields)
    {
        var shown = fields.Where(static field => field.Value is not null).ToList();
        var width = shown.Select(static field => field.Name.Length).DefaultIfEmpty().Max();
        foreach (var (name, value) in shown)
        {
            terminal.WriteLine($"{name.PadRight(width)}{Gap}{value}");
        }
    }
}
