using System.Diagnostics;
using System.Reflection;
using StackExchange.Redis;

namespace Gatehouse.Chaos.Tests.Processes;

/// <summary>
/// A real redis-server of a test's own, with the configuration and the users that <c>deploy/redis</c> ships: a free
/// loopback port, a folder of its own, every kind of fault. What it refused a user fails the test at its end.
/// </summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private const string Tests = "tests";
    private const string ReadyToAccept = "Ready to accept connections";

    private static readonly string Shipped = Path.Combine(
        typeof(RedisServer).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "RepositoryRoot").Value!, "deploy", "redis");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gatehouse-redis-");
    private readonly DirectoryInfo _data;
    private readonly string _users;
    private readonly string[] _settings;
    private readonly bool _expectsRefusals;
    private Process? _process;

    private RedisServer(string usersFile, string[] settings, bool expectsRefusals)
    {
        (_settings, _expectsRefusals) = (settings, expectsRefusals);
        _data = _folder.CreateSubdirectory("data");
        _users = Path.Combine(_folder.FullName, usersFile);
        var shipped = File.ReadAllText(Path.Combine(Shipped, usersFile));
        File.WriteAllText(_users, $"{shipped}user {Tests} on >{PasswordOf(Tests)} ~* &* +@all\n");
    }

    public int Port { get; } = Ports.Free();

    /// <summary>Where it keeps its data: what is there can be copied, and put back before a start.</summary>
    public string Folder => _data.FullName;

    /// <summary>What <c>redis-server</c> is started with, but for its folder.</summary>
    public IReadOnlyList<string> ServerArguments =>
        [Path.Combine(Shipped, "redis.conf"), "--aclfile", _users, "--port", $"{Port}", "--bind", "127.0.0.1"];

    /// <summary>For <c>redis-cli</c>, as a user that may do everything.</summary>
    public IReadOnlyList<string> ClientArguments =>
        ["-p", $"{Port}", "--user", Tests, "--pass", PasswordOf(Tests), "--no-auth-warning"];

    /// <summary>For <c>redis_exporter</c>, as its shipped user.</summary>
    public IReadOnlyList<string> ExporterArguments =>
    [
        $"--redis.addr=redis://127.0.0.1:{Port}", "--redis.user=gatehouse-exporter",
        $"--redis.password={PasswordOf("gatehouse-exporter")}", "--config-command=-",
    ];

    /// <summary>For a user of the tests' own, which may do everything.</summary>
    public string ConnectionString => $"{ConnectionStringOf(Tests)},allowAdmin=true";

    /// <summary>The settings of a process of the product: each part of it is a user of its own.</summary>
    public Dictionary<string, string> Settings => new()
    {
        ["Gatehouse:Redis:ConnectionString"] = ConnectionStringOf("gatehouse-data"),
        ["Gatehouse:Redis:MembershipConnectionString"] = ConnectionStringOf("gatehouse-membership"),
        ["Gatehouse:Redis:StateConnectionString"] = ConnectionStringOf("gatehouse-state"),
    };

    /// <summary>
    /// Starts one. Without redis-server the test is skipped, or fails in CI, where a skip would hide it.
    /// </summary>
    public static Task<RedisServer> StartAsync(params string[] settings) => LaunchAsync("users.acl", settings);

    /// <summary>The disk that it keeps its data on, if it was started on one of its own.</summary>
    public SmallDisk? Disk { get; private set; }

    /// <summary>Starts one on a disk of its own that can be filled, where this process may mount one.</summary>
    public static async Task<RedisServer> StartOnSmallDiskAsync()
    {
        Programs.Require("redis-server", "redis-server");
        var server = new RedisServer("users.acl", [], expectsRefusals: false);
        server.Disk = await SmallDisk.MountAsync(server.Folder);
        try
        {
            await server.RunAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a replica of this one.</summary>
    public Task<RedisServer> StartReplicaAsync() => StartAsync(
        "--replicaof", "127.0.0.1", $"{Port}", "--masteruser", "gatehouse-replica",
        "--masterauth", PasswordOf("gatehouse-replica"));

    /// <summary>Starts one for the limits over all regions.</summary>
    public static Task<RedisServer> StartGlobalAsync() => LaunchAsync("users-global.acl");

    /// <summary>Starts one whose test is about what it refuses.</summary>
    public static Task<RedisServer> StartRefusingAsync() => LaunchAsync("users.acl", expectsRefusals: true);

    /// <summary>Starts it after <see cref="KillAsync"/>, or after a program of its own that used its folder.</summary>
    public Task StartAgainAsync() => RunAsync();

    /// <summary>It dies, and its disk with it.</summary>
    public async Task LoseAsync()
    {
        await KillAsync();
        _data.Delete(recursive: true);
        _data.Create();
    }

    /// <summary>Starts the only server of a cluster, with all its slots.</summary>
    public static async Task<RedisServer> StartClusterAsync()
    {
        var server = await StartAsync("--cluster-enabled", "yes");
        await using var admin = await server.ConnectAsync();
        var only = admin.GetServers()[0];
        await only.ExecuteAsync("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
        await Eventually.HoldsAsync(
            async () => $"{await only.ExecuteAsync("CLUSTER", "INFO")}".Contains("cluster_state:ok", StringComparison.Ordinal),
            within: TimeSpan.FromSeconds(30));
        return server;
    }

    /// <summary>For one of the shipped users.</summary>
    public string ConnectionStringOf(string user) =>
        $"127.0.0.1:{Port},abortConnect=false,user={user},password={PasswordOf(user)}";

    public async Task<IConnectionMultiplexer> ConnectAsync() => await ConnectionMultiplexer.ConnectAsync(ConnectionString);

    /// <summary>Sends commands as the tests' own user, past the client library, and answers all that comes back.</summary>
    public Task<string> SendAsync(params string[] commands) =>
        RedisText.SendAsync(Port, [$"AUTH {Tests} {PasswordOf(Tests)}", .. commands]);

    /// <summary>What it refused its users since it was started, but for what does no harm.</summary>
    public Task<IReadOnlyList<string>> RefusedAsync() => RedisRefusals.ReadAsync(this);

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
        await RunAsync(
            "redis-server", [.. Arguments, "--key-load-delay", $"{microsecondsPerKey}"], "Server initialized");
    }

    /// <summary>
    /// Starts it again, on a disk that fails from its nth sync on: it ends by itself then, as one must that promised to
    /// have written what it acknowledged.
    /// </summary>
    public Task StartOnFailingDiskAsync(int syncs) => RunAsync(
        "strace",
        [
            "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", $"inject=fdatasync:error=EIO:when={syncs}+",
            // Who kills the one kills the other too.
            "setpriv", "--pdeathsig", "KILL", "redis-server", .. Arguments,
        ],
        ReadyToAccept);

    /// <summary>Waits until it has ended by itself.</summary>
    public Task EndedAsync() => _process!.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));

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
        IReadOnlyList<string> refused = [];
        if (_process is { HasExited: false })
        {
            refused = _expectsRefusals ? [] : await RefusedAsync();
            await KillAsync();
        }

        _process?.Dispose();
        if (Disk is not null)
        {
            await Disk.DisposeAsync();
        }

        _folder.Delete(recursive: true);
        Assert.Empty(refused);
    }

    private static async Task<RedisServer> LaunchAsync(
        string usersFile, string[]? settings = null, bool expectsRefusals = false)
    {
        Programs.Require("redis-server", "redis-server");
        var server = new RedisServer(usersFile, settings ?? [], expectsRefusals);
        await server.RunAsync();
        return server;
    }

    // The shipped file says so until somebody puts in passwords of their own.
    private static string PasswordOf(string user) => $"CHANGE-ME-{user.Replace("gatehouse-", "", StringComparison.Ordinal)}";

    private string[] Arguments => [.. ServerArguments, "--dir", Folder, .. _settings];

    private Task RunAsync() => RunAsync("redis-server", Arguments, ReadyToAccept);

    private async Task RunAsync(string program, string[] arguments, string until)
    {
        _process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var said = new List<string>();
        do
        {
            said.Add(await _process.StandardOutput.ReadLineAsync()
                ?? throw new InvalidOperationException($"redis-server did not start. It said:\n{string.Join('\n', said)}"));
        }
        while (!said[^1].Contains(until, StringComparison.Ordinal));
        // Whoever does not read on stops it, once the pipe is full.
        _ = _process.StandardOutput.ReadToEndAsync();
    }
}
