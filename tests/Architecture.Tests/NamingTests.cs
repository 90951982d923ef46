using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Gatehouse.Architecture.Tests;

/// <summary>Names that say what a thing is, and switches that say why they were thrown.</summary>
public partial class NamingTests
{
    [Fact]
    public void Types_AreNamedForWhatTheyAre()
    {
        var vague = from file in SourceTree.All
                    from type in file.Syntax.DescendantNodes().OfType<BaseTypeDeclarationSyntax>()
                    where VagueName().IsMatch(type.Identifier.ValueText)
                    select $"{file.Path}: {type.Identifier.ValueText}";
        Assert.Empty(vague);
    }

    [Fact]
    public void Folders_AreNamedForWhatTheyHold() =>
        Assert.DoesNotContain(SourceTree.All, file => file.Path.Split('/').Any(part => VagueName().IsMatch(part)));

    [Fact]
    public void Regions_AreNotUsed() => Assert.DoesNotContain(
        SourceTree.All.SelectMany(file => file.Lines),
        line => line.TrimStart().StartsWith("#" + "region", StringComparison.Ordinal));

    [Fact]
    public void Pragmas_GiveTheirReason()
    {
        var silent = from file in SourceTree.All
                     from line in file.Lines.Index()
                     where line.Item.TrimStart().StartsWith("#pragma warning disable", StringComparison.Ordinal)
                     where !line.Item.Contains("//", StringComparison.Ordinal)
                     select $"{file.Path}:{line.Index + 1}";
        Assert.Empty(silent);
    }

    [Fact]
    public void LogEvents_HaveIdsOfTheirOwn()
    {
        var ids = SourceTree.Production.SelectMany(file => LogEvent().Matches(file.Text)
            .Select(match => match.Groups[1].Value)).ToList();

        Assert.True(ids.Count > 10);
        Assert.Empty(ids.GroupBy(id => id).Where(same => same.Count() > 1).Select(same => same.Key));
    }

    /// <summary>A call that is written out makes an object of every value, even if nobody reads the log.</summary>
    [Fact]
    public void Logs_AreSourceGenerated()
    {
        var written = from file in SourceTree.Production
                      where file.Project.StartsWith("src/", StringComparison.Ordinal)
                      where WrittenLog().IsMatch(file.Text)
                      select file.Path;
        Assert.Empty(written);
    }

    /// <summary>Who looks for a metric finds it beside what it measures, and no area has two places for them.</summary>
    [Fact]
    public void Instruments_AreMadeInTheOneMetricsClassOfTheirArea()
    {
        var makers = SourceTree.Production.Where(file => Instrument().IsMatch(file.Text)).ToList();

        Assert.True(makers.Count > 10);
        Assert.All(makers, file => Assert.EndsWith("Metrics", file.Name, StringComparison.Ordinal));
        Assert.Empty(makers.GroupBy(file => Path.GetDirectoryName(file.Path)).Where(folder => folder.Count() > 1)
            .Select(folder => folder.Key));
    }

    [GeneratedRegex(@"\.Log(Trace|Debug|Information|Warning|Error|Critical)\(")]
    private static partial Regex WrittenLog();

    [GeneratedRegex(@"\.Create(Observable)?(Counter|UpDownCounter|Gauge|Histogram)\b")]
    private static partial Regex Instrument();

    [GeneratedRegex(@"LoggerMessage\(\s*(\d+)")]
    private static partial Regex LogEvent();

    [GeneratedRegex("(Utils?|Helpers?|Common|Manager|Base)$")]
    private static partial Regex VagueName();
}
