using System.Globalization;
using System.Reflection;
using System.Text;
using Gatehouse.Chaos.Tests.Histories;

namespace Gatehouse.Chaos.Tests.Scenarios;

/// <summary>What a run did and measured; of one that failed, all that it takes to understand why. See docs/testing.md.</summary>
internal sealed class ChaosReport(
    ChaosRound round, ChaosRun run, IReadOnlyList<Fault> faults, IReadOnlyList<Judgement> judgements)
{
    private const int ViolationsShown = 8;

    private static readonly string Artifacts = Path.Combine(
        typeof(ChaosReport).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "RepositoryRoot").Value!, "artifacts", "chaos");

    private readonly IReadOnlyList<Violation> _violations =
        [.. judgements.SelectMany(judgement => judgement.Violations).OrderBy(violation => violation.From)];

    private readonly IReadOnlyList<string> _lacking = [.. judgements.SelectMany(judgement => judgement.Lacking)];

    public bool IsBad => _violations.Count + _lacking.Count > 0;

    public string Headline() => string.Join('\n', _violations.Take(1)
        .Select(first => $"The first: {first.Promise}: {first.Text}").Concat(_lacking.Take(3))
        .Prepend($"{_violations.Count} promises broken with seed {round.Seed}; the report is in {Folder}."));

    public string Summary()
    {
        var text = new StringBuilder();
        foreach (var fault in faults)
        {
            text.Append(CultureInfo.InvariantCulture, $"{At(fault.From)}..{At(fault.To)} {fault.Region} {fault.Name}\n");
        }

        foreach (var judgement in judgements)
        {
            text.Append(CultureInfo.InvariantCulture, $"{judgement.Workload}: {judgement.Summary}\n");
        }

        return text.ToString();
    }

    /// <summary>Writes the report, every operation and what every process said into a folder; answers the report.</summary>
    public string Write()
    {
        Directory.CreateDirectory(Folder);
        var report = Report();
        File.WriteAllText(Path.Combine(Folder, "report.txt"), report);
        foreach (var judgement in judgements)
        {
            File.WriteAllLines(Path.Combine(Folder, $"{judgement.Workload}.txt"), judgement.Operations.Select(Line));
        }

        foreach (var (name, output) in run.Regions.SelectMany(region => region.Outputs))
        {
            File.WriteAllText(Path.Combine(Folder, $"{name}.log"), output);
        }

        return report;
    }

    private string Folder => Path.Combine(Artifacts, $"{Scenario}-{round.Seed}-{round.Number}");

    private static string Scenario => string.Concat(
        (TestContext.Current.Test?.TestDisplayName ?? "scenario").Split('.')[^1].Where(c => char.IsLetterOrDigit(c) || c == '_'));

    private string Report()
    {
        var text = new StringBuilder($"{Scenario}, GATEHOUSE_CHAOS_SEED={round.Seed}\n{Summary()}");
        foreach (var promise in _violations.GroupBy(violation => violation.Promise))
        {
            text.Append(CultureInfo.InvariantCulture, $"BROKEN {promise.Count()} times: {promise.Key}\n");
            foreach (var violation in promise.Take(ViolationsShown))
            {
                text.Append(CultureInfo.InvariantCulture, $"  {At(violation.From)}..{At(violation.To)} {violation.Text}\n");
            }
        }

        text.AppendJoin('\n', _lacking);
        var first = judgements.FirstOrDefault(judgement => judgement.Violations.Count > 0);
        if (first?.Around is { } around)
        {
            text.Append(CultureInfo.InvariantCulture, $"OPERATIONS of {first.Workload} around the first of them\n");
            text.AppendJoin('\n', around(first.Violations[0]).Select(Line));
        }

        return text.ToString();
    }

    private string Line(IOperation operation) => $"{At(operation.Start)}..{At(operation.End)} {operation}";

    private string At(TimeSpan time) => (time - run.Start).TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture);
}
