using System.ComponentModel;
using System.Diagnostics;
using Gatehouse.Benchmarks.Peers;
using StackExchange.Redis;

namespace Gatehouse.Benchmarks;

/// <summary>A redis-server of its own on a free loopback port, ended with the benchmark.</summary>
internal sealed class RedisProcess : IAsyncDisposable
{
    private readonly ServerProcess _server;
    private readonly DirectoryInfo _folder;

    private RedisProcess(ServerProcess server, DirectoryInfo folder, int port) =>
        (_server, _folder, ConnectionString) = (server, folder, $"127.0.0.1:{port}");

    public string ConnectionString { get; }

    public ProcessTree Tree => _server.Tree;

    /// <summary>Starts one; null where redis-server is not installed.</summary>
    public static async Task<RedisProcess?> TryStartAsync()
    {
        var (folder, port) = (Directory.CreateTempSubdirectory("gatehouse-bench-"), ServerProcess.FreePort());
        try
        {
            string[] arguments = ["--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--dir", folder.FullName];
            var server = await ServerProcess.StartAsync(
                new ProcessStartInfo("redis-server", arguments), "Ready to accept connections");
            return new RedisProcess(server, folder, port);
        }
        catch (Win32Exception)
        {
            folder.Delete(recursive: true);
            return null;
        }
    }

    /// <summary>Starts one where nothing can be measured without it.</summary>
    public static async Task<RedisProcess> StartAsync() => await TryStartAsync()
        ?? throw new InvalidOperationException("redis-server is not installed.");

    /// <summary>From now on it writes and syncs its log before each answer.</summary>
    public async Task SyncAlwaysAsync()
    {
        await using var server = await ConnectionMultiplexer.ConnectAsync($"{ConnectionString},allowAdmin=true");
        await server.GetDatabase().ExecuteAsync("CONFIG", "SET", "appendfsync", "always");
        await server.GetDatabase().ExecuteAsync("CONFIG", "SET", "appendonly", "yes");
    }

    /// <summary>It keeps its connections and answers nothing more.</summary>
    public void Stop() => _server.Signal("STOP");

    public void Continue() => _server.Signal("CONT");

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
