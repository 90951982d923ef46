using System.Text;
using System.Text.RegularExpressions;
using Gatehouse.Deploy.Tests;

namespace Gatehouse.Chaos.Tests.Operations;

/// <summary>
/// A counter, or one value of a label of it, that the system shows only under a fault which the test does not cause.
/// </summary>
/// <param name="Instrument">What the program calls it.</param>
/// <param name="Source">The file that makes it, or the value, from the root of the repository; or an assembly of Orleans.</param>
/// <param name="Why">What it would take to see it.</param>
/// <param name="Label">The label, if the counter itself is seen.</param>
/// <param name="Value">The label's value.</param>
internal sealed partial record UnseenMetric(
    string Instrument, string Source, string Why, string? Label = null, string? Value = null)
{
    private static readonly string[] OfEveryTarget = ["job", "instance", "region", "otel_scope_name"];

    /// <summary>Its name in Prometheus.</summary>
    public string Metric { get; } = $"{Instrument.Replace('.', '_').Replace('-', '_')}_total";

    public bool IsWhole => Label is null;

    /// <summary>Whether its source still has it.</summary>
    public bool IsMade
    {
        get
        {
            var word = Value ?? Instrument;
            return Source.EndsWith(".dll", StringComparison.Ordinal)
                ? IsInAssembly(word) : Repository.Read(Source).Contains($"\"{word}\"", StringComparison.Ordinal);
        }
    }

    /// <summary>
    /// Whether it would have a label, as far as that is known: docs/metrics.md has those of the product's own, and another
    /// test holds that page against the product.
    /// </summary>
    public bool MayHaveLabel(string label)
    {
        var row = Row().Matches(Repository.Read("docs", "metrics.md"))
            .SingleOrDefault(row => row.Groups["metric"].Value == Metric);
        return row is null || OfEveryTarget.Contains(label)
            || row.Groups["labels"].Value.Contains($"`{label}`", StringComparison.Ordinal);
    }

    /// <summary>An assembly keeps the texts of its program in UTF-16.</summary>
    private bool IsInAssembly(string word) =>
        File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, Source)).AsSpan().IndexOf(Encoding.Unicode.GetBytes(word)) >= 0;

    [GeneratedRegex(@"^\| `(?<metric>\w+)` \| \w+ \| (?<labels>[^|]*) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
