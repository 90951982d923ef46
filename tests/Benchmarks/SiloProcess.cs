using System.Diagnostics;
using System.Reflection;

namespace Gatehouse.Benchmarks;

/// <summary>A silo in a process of its own, ended with the benchmark.</summary>
internal sealed class SiloProcess : IDisposable
{
    private readonly Process _process;

    private SiloProcess(Process process) => _process = process;

    public static async Task<SiloProcess> StartAsync(string redis, string folder)
    {
        var silos = typeof(SiloProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "SiloFolder").Value!;
        var start = new ProcessStartInfo("dotnet", [Path.Combine(silos, "Gatehouse.Silo.dll")])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = folder,
            Environment =
            {
                ["Gatehouse__Redis__ConnectionString"] = redis,
                ["Gatehouse__SigningKeys__Kek"] = BenchmarkHost.Kek,
                ["Gatehouse__Archive__ConnectionString"] = $"Data Source={Path.Combine(folder, "archive.db")}",
                ["Gatehouse__Silo__Port"] = "0",
                ["Gatehouse__Silo__GatewayPort"] = "0",
                ["Gatehouse__Silo__HealthPort"] = "0",
                ["Logging__LogLevel__Default"] = "Error",
                ["Logging__LogLevel__Orleans"] = "Error",
            },
        };
        var process = Process.Start(start)!;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.Contains("Gatehouse silo is ready", StringComparison.Ordinal))
            {
                return new SiloProcess(process);
            }
        }

        throw new InvalidOperationException("The silo ended before it was ready.");
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
