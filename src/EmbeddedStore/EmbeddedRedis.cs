using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Garnet;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EmbeddedStore;

/// <summary>
/// A Redis-compatible store inside this process (Microsoft Garnet), for a machine without Redis. It answers on loopback
/// with a password of its own, so that no other user of the machine reaches it. A write is durable once
/// <c>COMMITAOF</c>, sent after it, was answered.
/// </summary>
public sealed class EmbeddedRedis : IAsyncDisposable
{
    private readonly GarnetServer _server;
    private readonly FileStream _lock;

    private EmbeddedRedis(GarnetServer server, FileStream folderLock, string connectionString)
    {
        _server = server;
        _lock = folderLock;
        ConnectionString = connectionString;
    }

    /// <summary>How to reach it, as StackExchange.Redis reads it.</summary>
    public string ConnectionString { get; }

    /// <summary>Starts a store on a folder, with the data that an earlier one left there.</summary>
    /// <exception cref="InvalidOperationException">The folder cannot be written to, or another process uses
    /// it.</exception>
    public static EmbeddedRedis Start(EmbeddedRedisOptions options, ILoggerFactory loggerFactory)
    {
        var folder = Path.GetFullPath(options.DataDirectory);
        var folderLock = Lock(folder);
        try
        {
            var port = options.Port == 0 ? FreePort() : options.Port;
            var password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
            var server = new GarnetServer(
                Arguments(folder, port, password, options.MemoryMiB), new StoreLoggerFactory(loggerFactory));
            server.Start();
            return new EmbeddedRedis(server, folderLock, $"127.0.0.1:{port},password={password}");
        }
        catch
        {
            folderLock.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // What was written in the last second may not be in the file yet.
        await _server.Store.CommitAOFAsync(CancellationToken.None);
        _server.Dispose(deleteDir: false);
        await _lock.DisposeAsync();
    }

    private static string[] Arguments(string folder, int port, string password, int memoryMiB) =>
    [
        "--bind", "127.0.0.1",
        "--port", port.ToString(CultureInfo.InvariantCulture),
        "--auth", "Password", "--password", password,

        // Scripts decide here, so they must run, and must hold the lock of their keys while they do. Both are off by
        // default.
        "--lua", "--lua-transaction-mode",

        // Full memory spills to disk instead of refusing or dropping. The native device needs a library that is not on
        // every machine and ends the process without it; the managed one needs nothing.
        "--memory", $"{memoryMiB}m", "--page", "2m", "--index", "8m", "--storage-tier", "--device-type", "RandomAccess",
        "--logdir", folder, "--checkpointdir", folder,

        // Every write is logged, synced once a second and whenever a caller asks by COMMITAOF. An answer that waits for
        // the sync by itself (--aof-commit-wait) stalls scripts. A page of the log must hold two of the memory's.
        "--aof", "--aof-page-size", "4m", "--aof-memory", "16m", "--aof-commit-freq", "1000",
        "--recover", "--fail-on-recovery-error",

        // A checkpoint is what lets the log be cut; without one it grows for ever.
        "--checkpoint-freq", "900",
        "-q",
    ];

    private static FileStream Lock(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            var path = Path.Combine(folder, "lock");
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException(
                $"The data folder '{folder}' cannot be used: it is not writable, or another process uses it.", failure);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
