using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;
using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.Operations;

/// <summary>The commands of the page on disaster recovery, run by a shell as they stand there.</summary>
internal static partial class Commands
{
    private const string Page = "docs/operations/disaster-recovery.md";

    private static string Root { get; } = typeof(Commands).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "RepositoryRoot").Value!;

    private static readonly Dictionary<string, string> All = Marked().Matches(File.ReadAllText(Path.Combine(Root, Page)))
        .ToDictionary(match => match.Groups["name"].Value, match => match.Groups["commands"].Value);

    /// <summary>Runs one block. A command that fails ends it, and the test.</summary>
    /// <param name="name">Its mark in the page.</param>
    /// <param name="redis">Whom <c>redis-cli</c> speaks to.</param>
    /// <param name="variables">What the page calls variables.</param>
    public static async Task RunAsync(string name, RedisServer redis, params (string Name, string Value)[] variables)
    {
        Programs.Require("redis-cli", "redis-tools");
        Programs.Require("sqlite3", "sqlite3");
        var start = new ProcessStartInfo("bash",
        [
            "-euo", "pipefail", "-c",
            $"redis-cli() {{ command redis-cli {string.Join(' ', redis.ClientArguments)} \"$@\"; }}\n{All[name]}",
        ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["REDIS_DIR"] = redis.Folder,
                ["REDIS_SETTINGS"] = $"{string.Join(' ', redis.ServerArguments)} --logfile redis.log",
                ["REGION"] = "local",
            },
        };
        foreach (var (variable, value) in variables)
        {
            start.Environment[variable] = value;
        }

        using var shell = Process.Start(start)!;
        var errors = shell.StandardError.ReadToEndAsync();
        var said = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        Assert.True(shell.ExitCode == 0, $"{name} ended with {shell.ExitCode}: {said} {await errors}");
    }

    [GeneratedRegex(@"<!-- commands: (?<name>[a-z-]+) -->\n```sh\n(?<commands>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Marked();
}
