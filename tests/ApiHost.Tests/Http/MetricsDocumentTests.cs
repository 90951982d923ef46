using System.Diagnostics.Metrics;
using System.Reflection;
using System.Text.RegularExpressions;
using Gatehouse.ApiHost.Tests.Fixtures;

namespace Gatehouse.ApiHost.Tests.Http;

/// <summary>
/// Tests beside which no other host stops: the SDK listens to all hosts of a process, and forgets a metric of all of them
/// with the first that ends.
/// </summary>
[CollectionDefinition(nameof(NoOtherHost), DisableParallelization = true)]
public sealed class NoOtherHost;

/// <summary>docs/metrics.md beside what a running host has and says.</summary>
[Collection(nameof(NoOtherHost))]
public partial class MetricsDocumentTests(SharedHost shared)
{
    private static readonly string[] Labels = ["le", "otel_scope_name", "otel_scope_version", "otel_scope_schema_url"];

    private sealed record Metric(string Name, string Kind, string Meaning)
    {
        /// <summary>Of a histogram, where it was told what its values are like.</summary>
        public bool HasBounds { get; init; } = true;
    }

    [Fact]
    public async Task Document_NamesEveryMetricOfThisHost_AndNoOther()
    {
        var documented = (await DocumentedAsync()).Values.Select(row => row.Metric).ToHashSet();
        var published = Published();

        Assert.True(published.Count > 70, $"{published.Count} metrics: most were not found.");
        Assert.Empty(published.Except(documented));
        Assert.Empty(documented.Except(published));
    }

    /// <summary>
    /// The SDK's own go from 5 to 10,000, which is made for milliseconds: everything of ours would be in the first one.
    /// </summary>
    [Fact]
    public void Histograms_HaveBoundsOfTheirOwn()
    {
        var histograms = Published().Where(metric => metric.Kind == "histogram").ToList();

        Assert.True(histograms.Count > 8);
        Assert.All(histograms, histogram => Assert.True(histogram.HasBounds, histogram.Name));
    }

    [Fact]
    public async Task Metrics_ThatAreScraped_AreNamedAndLabelledAsDocumented()
    {
        var documented = await DocumentedAsync();
        await using var host = await TestHost.StartAsync([]);
        await host.NewTenantAsync();

        var scraped = (await host.SendAsync(HttpMethod.Get, "/metrics", null)).Text.Split('\n');

        var types = scraped.Select(line => TypeLine().Match(line)).Where(match => match.Success).ToList();
        Assert.True(types.Count > 10);
        Assert.All(types, type => Assert.Equal(documented[type.Groups[1].Value].Metric.Kind, type.Groups[2].Value));
        foreach (var sample in scraped.Select(line => SampleLine().Match(line)).Where(match => match.Success))
        {
            var name = Suffix().Replace(sample.Groups[1].Value, "");
            var row = documented.TryGetValue(name, out var known) ? known : documented[sample.Groups[1].Value];
            var labels = LabelName().Matches(sample.Groups[2].Value).Select(match => match.Groups[1].Value);
            Assert.Empty(labels.Except(Labels).Except(row.Labels));
        }
    }

    private static async Task<Dictionary<string, (Metric Metric, string[] Labels)>> DocumentedAsync()
    {
        var root = typeof(MetricsDocumentTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "RepositoryRoot").Value!;
        var lines = await File.ReadAllLinesAsync(Path.Combine(root, "docs", "metrics.md"));
        return lines.Select(line => Row().Match(line)).Where(match => match.Success).ToDictionary(
            match => match.Groups[1].Value,
            match => (
                new Metric(match.Groups[1].Value, match.Groups[2].Value, match.Groups[4].Value.Trim()),
                match.Groups[3].Value.Split([',', ' ', '`'], StringSplitOptions.RemoveEmptyEntries)));
    }

    /// <summary>Every instrument, once everything that holds one has been made.</summary>
    private HashSet<Metric> Published()
    {
        var published = new HashSet<Metric>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            // Another host's in this process are the same.
            if (instrument.Meter.Name.StartsWith("Gatehouse.", StringComparison.Ordinal))
            {
                published.Add(Describe(instrument));
            }
        };
        foreach (var holder in Holders())
        {
            shared.Host.App.Services.GetService(holder);
        }

        listener.Start();
        return published;
    }

    private static IEnumerable<Type> Holders() =>
        from name in (string[])
        [
            "Gatehouse.ApiHost", "Gatehouse.AspNetCore", "Gatehouse.Grains", "Gatehouse.Grains.Abstractions", "Gatehouse.Silo",
        ]
        from type in Assembly.Load(name).GetTypes()
        where type.Name.EndsWith("Metrics", StringComparison.Ordinal) && !type.IsAbstract
        select type;

    /// <summary>As the exporter for Prometheus spells it.</summary>
    private static Metric Describe(Instrument instrument)
    {
        var type = instrument.GetType().Name;
        var kind = type.Contains("Histogram", StringComparison.Ordinal) ? "histogram"
            : type.Contains("Counter", StringComparison.Ordinal) ? "counter"
            : "gauge";
        var name = instrument.Name.Replace('.', '_') + (instrument.Unit == "s" ? "_seconds" : "")
            + (kind == "counter" ? "_total" : "");
        return new Metric(name, kind, instrument.Description!)
        {
            HasBounds = kind != "histogram" || instrument switch
            {
                Histogram<int> counts => HasBounds(counts.Advice),
                Histogram<double> times => HasBounds(times.Advice),
                _ => false,
            },
        };
    }

    private static bool HasBounds<T>(InstrumentAdvice<T>? advice) where T : struct =>
        advice?.HistogramBucketBoundaries is { Count: > 0 };

    [GeneratedRegex(@"^\| `(\w+)` \| (counter|gauge|histogram) \| ([^|]*) \| (.*) \|$")]
    private static partial Regex Row();

    [GeneratedRegex(@"^# TYPE ((?:gatehouse|audit|idempotency|db)_\w+) (\w+)")]
    private static partial Regex TypeLine();

    [GeneratedRegex(@"^((?:gatehouse|audit|idempotency|db)_\w+)\{([^}]*)\}")]
    private static partial Regex SampleLine();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Suffix();

    [GeneratedRegex("(\\w+)=\"")]
    private static partial Regex LabelName();
}
