using System.Diagnostics;
using System.Reflection;
using Gatehouse.Benchmarks.Peers;

namespace Gatehouse.Benchmarks;

/// <summary>The product's own programs, in processes of their own.</summary>
internal static class GatehouseProcesses
{
    public static Task<ServerProcess> StartSiloAsync(string redis, string folder) => ServerProcess.StartAsync(
        new ProcessStartInfo("dotnet", [Executable("Silo")])
        {
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
        },
        "Gatehouse silo is ready");

    /// <summary>An API host as it is started without any setting: topology Embedded, its own store, a new folder.</summary>
    public static Task<ServerProcess> StartEmbeddedAsync(string folder) => ServerProcess.StartAsync(
        new ProcessStartInfo("dotnet", [Executable("ApiHost"), "--urls", "http://127.0.0.1:0"])
        {
            WorkingDirectory = folder,
            Environment = { ["ASPNETCORE_ENVIRONMENT"] = "Production", ["Gatehouse__SigningKeys__Kek"] = BenchmarkHost.Kek },
        },
        "listens on");

    private static string Executable(string project)
    {
        var folder = typeof(GatehouseProcesses).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == $"{project}Folder").Value!;
        return Path.Combine(folder, $"Gatehouse.{project}.dll");
    }
}
