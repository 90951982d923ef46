using System.Diagnostics;
using StackExchange.Redis;

namespace Gatehouse.Chaos.Tests.Processes;

/// <summary>
/// A real redis-server of a test's own: a free loopback port, a folder of its own, every kind of fault.
/// </summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gatehouse-redis-");
    private readonly int _port = Ports.Free();
    private Process? _process;

    private RedisServer()
    {
    }

    public string ConnectionString => $"127.0.0.1:{_port},abortConnect=false,allowAdmin=true";

    /// <summary>
    /// Starts one. Without redis-server the test is skipped, or fails in CI, where a skip would hide it.
    /// </summary>
    public static async Task<RedisServer> StartAsync()
    {
        var isInstalled = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Any(folder => File.Exists(Path.Combine(folder, "redis-server")));
        if (!isInstalled && Environment.GetEnvironmentVariable("CI") != "true")
        {
            Assert.Skip("redis-server is not on the path; install it (Debian: apt-get install redis-server).");
        }

        var server = new RedisServer();
        await server.RunAsync();
        return server;
    }

    public async Task<IConnectionMultiplexer> ConnectAsync() => await ConnectionMultiplexer.ConnectAsync(ConnectionString);

    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
    }

    public async Task RestartAsync()
    {
        await KillAsync();
        await RunAsync();
    }

    public Task PauseAsync()
    {
        Signals.Send(_process!.Id, Signals.Stop);
        return Task.CompletedTask;
    }

    public Task ContinueAsync()
    {
        Signals.Send(_process!.Id, Signals.Continue);
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            await KillAsync();
        }

        _process?.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task RunAsync()
    {
        string[] arguments =
        [
            "--port", $"{_port}", "--bind", "127.0.0.1", "--dir", _folder.FullName,
            "--save", "", "--appendonly", "yes", "--appendfsync", "always",
        ];
        var start = new ProcessStartInfo("redis-server", arguments) { RedirectStandardOutput = true };
        _process = Process.Start(start)!;
        string? line;
        do
        {
            line = await _process.StandardOutput.ReadLineAsync();
            Assert.NotNull(line);
        }
        while (!line.Contains("Ready to accept connections", StringComparison.Ordinal));
    }
}
