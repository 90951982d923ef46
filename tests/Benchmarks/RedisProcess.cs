using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Gatehouse.Benchmarks;

/// <summary>A redis-server of its own on a free loopback port, ended with the benchmark.</summary>
internal sealed class RedisProcess : IDisposable
{
    private readonly Process _process;
    private readonly DirectoryInfo _folder;

    private RedisProcess(Process process, DirectoryInfo folder, int port) =>
        (_process, _folder, ConnectionString) = (process, folder, $"127.0.0.1:{port}");

    public string ConnectionString { get; }

    /// <summary>Starts one; null where redis-server is not installed.</summary>
    public static RedisProcess? TryStart()
    {
        var folder = Directory.CreateTempSubdirectory("gatehouse-bench-");
        var port = FreePort();
        try
        {
            string[] arguments = ["--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--dir", folder.FullName];
            var start = new ProcessStartInfo("redis-server", arguments) { RedirectStandardOutput = true };
            var process = Process.Start(start)!;
            while (process.StandardOutput.ReadLine() is { } line)
            {
                if (line.Contains("Ready to accept connections", StringComparison.Ordinal))
                {
                    // From here on it prints a few lines at most, which the pipe holds.
                    return new RedisProcess(process, folder, port);
                }
            }

            throw new InvalidOperationException("redis-server ended before it was ready.");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            folder.Delete(recursive: true);
            return null;
        }
    }

    /// <summary>It keeps its connections and answers nothing more.</summary>
    public void Stop() => Signal("STOP");

    public void Continue() => Signal("CONT");

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    private void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{_process.Id}"]);
        kill.WaitForExit();
        if (kill.ExitCode != 0)
        {
            throw new InvalidOperationException($"SIG{name} did not reach redis-server.");
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
