using System.Diagnostics;
using System.Reflection;

namespace Gatehouse.Benchmarks.Peers;

/// <summary>A small Node server with rate-limiter-flexible on a Redis: <c>Peers/node</c>.</summary>
internal static class NodeServer
{
    private static readonly string Folder = Path.Combine(
        typeof(NodeServer).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "PeersFolder").Value!,
        "node");

    /// <summary>Its packages are installed by <c>npm ci --ignore-scripts</c> in its folder.</summary>
    public static bool IsInstalled => Directory.Exists(Path.Combine(Folder, "node_modules"));

    public static Task<ServerProcess> StartAsync(string redis) => ServerProcess.StartAsync(
        new ProcessStartInfo("node", [Path.Combine(Folder, "server.mjs"), redis]), "serves at", endSignal: "TERM");
}
