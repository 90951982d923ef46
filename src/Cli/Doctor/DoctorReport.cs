using System.Text.Json.Nodes;

namespace Gatehouse.Cli.Doctor;

/// <summary>The findings, for people and for programs.</summary>
internal sealed record DoctorReport(IReadOnlyList<Finding> Findings)
{
    private int Fails => Findings.Count(static finding => finding.Severity is Severity.Fail);

    private int Warnings => Findings.Count(static finding => finding.Severity is Severity.Warn);

    public int ExitCode(bool isStrict) =>
        Fails > 0 || (isStrict && Warnings > 0) ? ExitCodes.Refused : ExitCodes.Ok;

    public JsonObject ToJson() => new()
    {
        ["ok"] = Fails == 0,
        ["fails"] = Fails,
        ["warnings"] = Warnings,
        ["findings"] = new JsonArray([.. Findings.Select(static finding => new JsonObject
        {
            ["check"] = finding.Check,
            ["status"] = Word(finding),
            ["message"] = finding.Says,
            ["advice"] = finding.Advice,
        })]),
    };

    public void Write(Terminal terminal)
    {
        foreach (var finding in Findings)
        {
            terminal.WriteLine($"{Word(finding),-7}  {finding.Check}: {finding.Says}");
            if (finding.Advice is { } advice)
            {
                terminal.WriteLine($"         -> {advice}");
            }
        }

        terminal.WriteLine($"{Findings.Count} checks: {Fails} failed, {Warnings} warnings");
    }

    private static string Word(Finding finding) => $"{finding.Severity}".ToLowerInvariant();
}
