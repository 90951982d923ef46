using System.Reflection;

namespace Gatehouse.Benchmarks.Tables;

/// <summary>docs/benchmarks.md: what is between two marks of it is written by a run.</summary>
internal static class BenchmarkDocument
{
    private static readonly string File = typeof(BenchmarkDocument).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == "Document").Value!;

    /// <summary>Prints the text and puts it between <c>name:begin</c> and <c>name:end</c>.</summary>
    public static async Task WriteAsync(string name, string text)
    {
        Console.WriteLine($"\n{text}");
        var (begin, end) = ($"<!-- {name}:begin -->\n", $"<!-- {name}:end -->");
        var document = await System.IO.File.ReadAllTextAsync(File);
        var (from, to) = (document.IndexOf(begin, StringComparison.Ordinal), document.IndexOf(end, StringComparison.Ordinal));
        if (from < 0 || to < from)
        {
            throw new InvalidOperationException($"docs/benchmarks.md has no place for {name}.");
        }

        await System.IO.File.WriteAllTextAsync(File, $"{document[..(from + begin.Length)]}{text}\n{document[to..]}");
    }
}
