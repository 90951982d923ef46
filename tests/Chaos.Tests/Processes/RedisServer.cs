using System.Diagnostics;
using StackExchange.Redis;

namespace Gatehouse.Chaos.Tests.Processes;

/// <summary>
/// A real redis-server of a test's own: a free loopback port, a folder of its own, every kind of fault.
/// </summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gatehouse-redis-");
    private readonly string? _usersFile;
    private string[] _settings = [];
    private Process? _process;

    private RedisServer(string? users)
    {
        if (users is not null)
        {
            _usersFile = Path.Combine(_folder.FullName, "users.acl");
            File.WriteAllText(_usersFile, $"{users}\nuser tests on nopass ~* &* +@all\n");
        }
    }

    public int Port { get; } = Ports.Free();

    /// <summary>Where it keeps its data: what is there can be copied, and put back before a start.</summary>
    public string Folder => _folder.FullName;

    /// <summary>For a user that may do everything.</summary>
    public string ConnectionString =>
        $"{(_usersFile is null ? ConnectionStringOf() : ConnectionStringOf("tests", "any"))},allowAdmin=true";

    /// <summary>
    /// Starts one, with the given ACL file beside a user of the tests' own. Without redis-server the test is skipped, or
    /// fails in CI, where a skip would hide it.
    /// </summary>
    public static async Task<RedisServer> StartAsync(string? users = null, params string[] settings)
    {
        var isInstalled = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Any(folder => File.Exists(Path.Combine(folder, "redis-server")));
        if (!isInstalled && Environment.GetEnvironmentVariable("CI") != "true")
        {
            Assert.Skip("redis-server is not on the path; install it (Debian: apt-get install redis-server).");
        }

        var server = new RedisServer(users) { _settings = settings };
        await server.RunAsync();
        return server;
    }

    /// <summary>Starts it after <see cref="KillAsync"/>, or after a program of its own that used its folder.</summary>
    public Task StartAgainAsync() => RunAsync();

    /// <summary>It dies, and its disk with it.</summary>
    public async Task LoseAsync()
    {
        await KillAsync();
        _folder.Delete(recursive: true);
        _folder.Create();
    }

    /// <summary>Starts the only server of a cluster, with all its slots.</summary>
    public static async Task<RedisServer> StartClusterAsync()
    {
        var server = await StartAsync(null, "--cluster-enabled", "yes");
        await using var admin = await server.ConnectAsync();
        var only = admin.GetServers()[0];
        await only.ExecuteAsync("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
        await Eventually.HoldsAsync(
            async () => $"{await only.ExecuteAsync("CLUSTER", "INFO")}".Contains("cluster_state:ok", StringComparison.Ordinal),
            within: TimeSpan.FromSeconds(30));
        return server;
    }

    /// <summary>For one of the users of the ACL file, or for the one that every Redis has.</summary>
    public string ConnectionStringOf(string? user = null, string? password = null) =>
        $"127.0.0.1:{Port},abortConnect=false{(user is null ? "" : $",user={user},password={password}")}";

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

    /// <summary>
    /// Starts it again so that it loads its data slowly, and answers everything with LOADING meanwhile. Comes back as
    /// soon as it listens.
    /// </summary>
    public async Task RestartLoadingAsync(int microsecondsPerKey)
    {
        await KillAsync();
        await RunAsync("Server initialized", "--key-load-delay", $"{microsecondsPerKey}");
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

    private Task RunAsync() => RunAsync("Ready to accept connections");

    private async Task RunAsync(string until, params string[] more)
    {
        string[] arguments =
        [
            "--port", $"{Port}", "--bind", "127.0.0.1", "--dir", _folder.FullName,
            "--save", "", "--appendonly", "yes", "--appendfsync", "always",
            .. _settings,
            .. more,
            .. _usersFile is null ? Array.Empty<string>() : ["--aclfile", _usersFile],
        ];
        var start = new ProcessStartInfo("redis-server", arguments) { RedirectStandardOutput = true };
        _process = Process.Start(start)!;
        var said = new List<string>();
        do
        {
            said.Add(await _process.StandardOutput.ReadLineAsync()
                ?? throw new InvalidOperationException($"redis-server did not start. It said:\n{string.Join('\n', said)}"));
        }
        while (!said[^1].Contains(until, StringComparison.Ordinal));
    }
}
