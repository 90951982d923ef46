using System.CommandLine;

namespace Gatehouse.Cli.Tests.Fixtures;

/// <summary>All commands, with what is typed to call them.</summary>
internal static class CommandTree
{
    public static IEnumerable<(string Path, Command Command)> All() =>
        Of("gatehouse", GatehouseCommand.Build(CommandRun.Terminal(null, null, out _, out _)));

    private static IEnumerable<(string, Command)> Of(string path, Command command) => command.Subcommands
        .SelectMany(sub => Of($"{path} {sub.Name}", sub)).Prepend((path, command));
}
