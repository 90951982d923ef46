using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Gatehouse.Benchmarks.Peers;

namespace Gatehouse.Benchmarks.Tables;

/// <summary>What figures depend on: the machine, the versions, the day.</summary>
internal static partial class Machine
{
    public static string Describe()
    {
        var memory = long.Parse(Find("/proc/meminfo", "MemTotal").Split(' ')[0], CultureInfo.InvariantCulture) >> 20;
        var kernel = File.ReadAllText("/proc/sys/kernel/osrelease").Split('-')[0].Trim();
        string[] machine =
        [
            $"{Environment.ProcessorCount} processors ({Find("/proc/cpuinfo", "model name")})",
            $"{memory} GiB of memory",
            $"Linux {kernel}",
        ];
        string[] programs =
        [
            $".NET {Environment.Version}",
            $"Orleans {Orleans()}",
            $"Redis {VersionOf("redis-server", "--version")}",
            $"nginx {VersionOf(NginxServer.Program, "-v")}",
            $"Node {VersionOf("node", "--version")}",
            $"PostgreSQL {VersionOf(PostgresServer.Program, "--version")}",
        ];
        var day = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        return $"{day}: {string.Join(", ", machine)};\n{string.Join(", ", programs)}. " +
            $"Load average of the machine at the end: {LoadAverage()}.";
    }

    /// <summary>Of the last minute. More than about 3 says that others were at work, and the spread is theirs.</summary>
    private static string LoadAverage() => File.ReadAllText("/proc/loadavg").Split(' ')[0];

    private static string Orleans() => Version().Match(typeof(IGrainFactory).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion).Value;

    private static string Find(string file, string name) => File.ReadLines(file)
        .First(line => line.StartsWith(name, StringComparison.Ordinal)).Split(':', 2)[1].Trim();

    private static string VersionOf(string? program, string argument)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program ?? "", [argument])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            // nginx says it on the other one.
            var said = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
            process.WaitForExit();
            return Version().Match(said).Value;
        }
        catch (Exception failure) when (failure is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            return "not installed";
        }
    }

    [GeneratedRegex(@"\d+(\.\d+)+")]
    private static partial Regex Version();
}
