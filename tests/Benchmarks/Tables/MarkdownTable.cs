namespace Gatehouse.Benchmarks.Tables;

/// <summary>A table as Markdown: the first column is text, the others are figures.</summary>
internal sealed class MarkdownTable(params string[] titles)
{
    private readonly List<string[]> _rows = [];

    public void Add(params string[] cells) => _rows.Add(cells);

    public override string ToString() => string.Join('\n', [
        Line(titles),
        $"|---|{string.Concat(Enumerable.Repeat("---:|", titles.Length - 1))}",
        .. _rows.Select(Line),
    ]);

    private static string Line(string[] cells) => $"| {string.Join(" | ", cells)} |";
}
