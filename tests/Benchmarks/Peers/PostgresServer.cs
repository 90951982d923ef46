using System.Diagnostics;
using Npgsql;

namespace Gatehouse.Benchmarks.Peers;

/// <summary>
/// A PostgreSQL as it comes, with fsync, and in it what is often made instead of an audit chain: a table whose rows are
/// chained by their hashes, one row at a time for each tenant.
/// </summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private const string Installed = "/usr/lib/postgresql";
    // PostgreSQL refuses to run as root.
    private const string Unprivileged = "nobody";

    // One round trip and one transaction for each event. The lock is held until the commit is on the disk: the next row
    // needs the hash of this one, and must not stand on one that is rolled back.
    private const string Schema = """
        CREATE TABLE heads (tenant text PRIMARY KEY, seq bigint NOT NULL, hash bytea NOT NULL) WITH (fillfactor = 10);
        CREATE TABLE entries (
            tenant text, seq bigint, prev_hash bytea NOT NULL, hash bytea NOT NULL, content bytea NOT NULL,
            PRIMARY KEY (tenant, seq));
        INSERT INTO heads VALUES ('bench', 0, '');
        CREATE FUNCTION append(chain text, event bytea) RETURNS bigint LANGUAGE plpgsql AS $$
        DECLARE head heads; next bytea;
        BEGIN
            PERFORM pg_advisory_xact_lock(hashtext(chain));
            SELECT * INTO head FROM heads WHERE tenant = chain;
            next := sha256(head.hash || event);
            INSERT INTO entries VALUES (chain, head.seq + 1, head.hash, next, event);
            UPDATE heads SET seq = head.seq + 1, hash = next WHERE tenant = chain;
            RETURN head.seq + 1;
        END $$;
        """;

    private readonly DirectoryInfo _folder;
    private readonly NpgsqlDataSource _source;

    private PostgresServer(ServerProcess process, DirectoryInfo folder, NpgsqlDataSource source) =>
        (Process, _folder, _source) = (process, folder, source);

    /// <summary>Null where it is not installed.</summary>
    public static string? Program { get; } = Directory.Exists(Installed)
        ? Directory.EnumerateDirectories(Installed).Select(version => Path.Combine(version, "bin", "postgres"))
            .LastOrDefault(File.Exists)
        : null;

    public ServerProcess Process { get; }

    /// <param name="callers">How many connections there are.</param>
    public static async Task<PostgresServer> StartAsync(int callers)
    {
        var (folder, port) = (Directory.CreateTempSubdirectory("gatehouse-bench-"), ServerProcess.FreePort());
        var data = Path.Combine(folder.FullName, "data");
        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync(new ProcessStartInfo("chown", [Unprivileged, folder.FullName]));
        }

        await RunAsync(AsUnprivileged(
            Path.Combine(Path.GetDirectoryName(Program)!, "initdb"),
            "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"));
        // INT: it ends without waiting for those that are connected.
        var process = await ServerProcess.StartAsync(
            AsUnprivileged(
                Program!, "-D", data, "-p", $"{port}", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="),
            "ready to accept connections", endSignal: "INT");
        // Its statements are prepared, as a service that cares would have it.
        var source = NpgsqlDataSource.Create($"Host=127.0.0.1;Port={port};Username=postgres;Database=postgres;" +
            $"Maximum Pool Size={callers};Max Auto Prepare=4;Auto Prepare Min Usages=1");
        await using var schema = source.CreateCommand(Schema);
        await schema.ExecuteNonQueryAsync();
        return new PostgresServer(process, folder, source);
    }

    public async Task AppendAsync(byte[] entry)
    {
        await using var append = _source.CreateCommand("SELECT append('bench', $1)");
        append.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = entry });
        await append.ExecuteScalarAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        await Process.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static ProcessStartInfo AsUnprivileged(string program, params string[] arguments)
    {
        // It becomes the program: its number is the server's.
        var start = Environment.IsPrivilegedProcess
            ? new ProcessStartInfo(
                "setpriv", [$"--reuid={Unprivileged}", "--regid=nogroup", "--clear-groups", program, .. arguments])
            : new ProcessStartInfo(program, arguments);
        start.WorkingDirectory = "/";
        return start;
    }

    private static async Task RunAsync(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = true;
        using var process = System.Diagnostics.Process.Start(start)!;
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{start.FileName} ended with {process.ExitCode}.");
        }
    }
}
