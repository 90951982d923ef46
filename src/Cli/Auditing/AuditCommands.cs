using System.CommandLine;

namespace Gatehouse.Cli.Auditing;

/// <summary><c>gatehouse audit</c>: follow, export, verify.</summary>
internal static class AuditCommands
{
    public static Command Create(CommandFactory commands)
    {
        var group = new ExampleCommand("audit", "Audit chains: follow, export, verify.");
        group.Add(TailCommand.Create(commands));
        group.Add(ExportCommand.Create(commands));
        group.Add(VerifyCommand.Create());
        return group;
    }
}
