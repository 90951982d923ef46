using System.Collections.Concurrent;
using System.Diagnostics;
using Npgsql;

namespace Gatehouse.Chaos.Tests.Processes;

/// <summary>
/// A real PostgreSQL of a test class' own: a free loopback port, a folder of its own. It is started by the first test that
/// asks for a database.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string Installed = "/usr/lib/postgresql";
    // PostgreSQL refuses to run as root.
    private const string Unprivileged = "nobody";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly SemaphoreSlim _starting = new(1);
    private DirectoryInfo? _folder;
    private Process? _process;
    private int _databases;

    private int Port { get; } = Ports.Free();

    private string Data => Path.Combine(_folder!.FullName, "data");

    /// <summary>
    /// The connection string of a new database. Without PostgreSQL the test is skipped, or fails in CI, where a skip would
    /// hide it.
    /// </summary>
    public async Task<string> NewDatabaseAsync()
    {
        await _starting.WaitAsync();
        try
        {
            if (_process is null)
            {
                var programs = RequirePrograms();
                await InitializeAsync(programs);
                await RunAsync();
            }

            var name = $"t{Interlocked.Increment(ref _databases)}";
            await using var admin = NpgsqlDataSource.Create(ConnectionString("postgres"));
            await using var create = admin.CreateCommand($"CREATE DATABASE {name}");
            await create.ExecuteNonQueryAsync();
            return ConnectionString(name);
        }
        finally
        {
            _starting.Release();
        }
    }

    /// <summary>One of its databases, as PostgreSQL's own programs are told of it: the first one is number 1.</summary>
    internal string UriOf(int database) => $"postgresql://postgres@127.0.0.1:{Port}/t{database}";

    /// <summary>SIGKILL to the server, which the processes of its connections do not outlive.</summary>
    public async Task KillAsync()
    {
        var backends = Backends().ToList();
        _process!.Kill();
        await _process.WaitForExitAsync();
        // They end by themselves when they see that the server is gone; until then none can take its place.
        foreach (var backend in backends)
        {
            await Eventually.HoldsAsync(() => Task.FromResult(backend.HasExited), Patience);
            backend.Dispose();
        }

        _process.Dispose();
    }

    public async Task RestartAsync()
    {
        await KillAsync();
        await RunAsync();
    }

    /// <summary>Starts it again after <see cref="KillAsync"/>.</summary>
    public async Task RunAsync()
    {
        var said = new ConcurrentQueue<string>();
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _process = new Process
        {
            StartInfo = AsUnprivileged(
                Path.Combine(RequirePrograms(), "postgres"), "-D", Data, "-p", $"{Port}", "-c", "listen_addresses=127.0.0.1",
                "-c", "unix_socket_directories="),
        };
        _process.ErrorDataReceived += (_, line) =>
        {
            said.Enqueue(line.Data ?? "");
            if (line.Data is null)
            {
                ready.TrySetException(new InvalidOperationException($"It ended. It said:\n{string.Join('\n', said)}"));
            }
            else if (line.Data.Contains("ready to accept connections", StringComparison.Ordinal))
            {
                ready.TrySetResult();
            }
        };
        _process.Start();
        _process.BeginErrorReadLine();
        await ready.Task.WaitAsync(Patience);
    }

    /// <summary>Stops the server and the processes of its connections: they neither answer nor go away.</summary>
    public void Pause() => SignalAll(Signals.Stop);

    public void Continue() => SignalAll(Signals.Continue);

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await KillAsync();
            _process = null;
        }

        if (_folder is { Exists: true })
        {
            _folder.Delete(recursive: true);
            _folder.Refresh();
        }

        _starting.Dispose();
    }

    private string ConnectionString(string database) =>
        $"Host=127.0.0.1;Port={Port};Username=postgres;Database={database}";

    private static string RequirePrograms()
    {
        var programs = Directory.Exists(Installed)
            ? Directory.EnumerateDirectories(Installed).Select(version => Path.Combine(version, "bin"))
                .LastOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")))
            : null;
        const string advice = $"PostgreSQL is not in {Installed}; install it (Debian: apt-get install postgresql).";
        if (programs is null && Environment.GetEnvironmentVariable("CI") == "true")
        {
            Assert.Fail(advice);
        }

        Assert.SkipWhen(programs is null, advice);
        return programs!;
    }

    private async Task InitializeAsync(string programs)
    {
        _folder = Directory.CreateTempSubdirectory("gatehouse-postgres-");
        if (Environment.IsPrivilegedProcess)
        {
            await RunToEndAsync(new ProcessStartInfo("chown", [Unprivileged, _folder.FullName]));
        }

        await RunToEndAsync(AsUnprivileged(
            Path.Combine(programs, "initdb"), "-D", Data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C",
            "--no-sync"));
    }

    private static ProcessStartInfo AsUnprivileged(string program, params string[] arguments)
    {
        // It becomes the program: its number is the server's.
        var start = Environment.IsPrivilegedProcess
            ? new ProcessStartInfo(
                "setpriv", [$"--reuid={Unprivileged}", "--regid=nogroup", "--clear-groups", program, .. arguments])
            : new ProcessStartInfo(program, arguments);
        (start.RedirectStandardOutput, start.RedirectStandardError, start.WorkingDirectory) = (true, true, "/");
        return start;
    }

    private static async Task RunToEndAsync(ProcessStartInfo start)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        using var process = Process.Start(start)!;
        var output = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{start.FileName} failed: {string.Concat(output)}");
    }

    private void SignalAll(int signal)
    {
        foreach (var backend in Backends())
        {
            using (backend)
            {
                Signals.Send(backend.Id, signal);
            }
        }

        Signals.Send(_process!.Id, signal);
    }

    /// <summary>The processes that the server has begun.</summary>
    private IEnumerable<Process> Backends() =>
        from process in Process.GetProcesses()
        where ParentOf(process.Id) == _process!.Id
        select process;

    private static int ParentOf(int processId)
    {
        try
        {
            return int.Parse(File.ReadAllText($"/proc/{processId}/stat").Split(") ")[^1].Split(' ')[1]);
        }
        catch (IOException)
        {
            // It has just ended.
            return 0;
        }
    }
}
