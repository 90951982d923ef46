using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Gatehouse.Chaos.Tests.Processes;
using StackExchange.Redis;

namespace Gatehouse.Deploy.Tests.Compose;

/// <summary>The script that starts Redis puts in every password, and does not start it where one is missing.</summary>
public sealed class RedisStartTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gatehouse-redis-");
    private readonly int _port = FreePort();

    [Fact]
    public async Task Redis_StartedByTheScript_KnowsItsUsersByTheirPasswords()
    {
        using var compose = new ComposeFolder();
        using var process = await StartRedisAsync(compose);
        try
        {
            foreach (var user in new[] { "data", "state", "membership", "monitor", "exporter" })
            {
                var password = compose.Variables[$"REDIS_{user.ToUpperInvariant()}_PASSWORD"];
                Assert.Equal("+OK", await AuthenticateAsync(user, password));
                await ExpectRefusedAsync(user);
            }

            await ExpectRefusedAsync("replica");
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    [Fact]
    public async Task Password_ThatIsEmpty_StopsTheStart()
    {
        using var compose = new ComposeFolder();
        using var process = Start(new(compose.Variables) { ["REDIS_DATA_PASSWORD"] = "" });

        await process.WaitForExitAsync().WaitAsync(Patience);

        Assert.Equal(1, process.ExitCode);
        Assert.Contains("has no password", await process.StandardError.ReadToEndAsync(), StringComparison.Ordinal);
    }

    /// <summary>It sees what alerts and dashboards ask for, without reading a key, a setting or the slow log.</summary>
    [Fact]
    public async Task Exporter_AsTheStackStartsIt_SeesTheServer()
    {
        using var compose = new ComposeFolder();
        using var redis = await StartRedisAsync(compose);
        using var exporter = StartExporter(compose.Variables["REDIS_EXPORTER_PASSWORD"], out var url);
        try
        {
            var metrics = await ReadAsync(url);
            foreach (var name in new[] { "redis_up", "redis_aof_enabled", "redis_rdb_last_bgsave_status" })
            {
                Assert.Contains($"\n{name} 1\n", metrics, StringComparison.Ordinal);
            }

            Assert.Contains("\nredis_memory_max_bytes 1.073741824e+09\n", metrics, StringComparison.Ordinal);
            Assert.DoesNotContain("redis_config_", metrics, StringComparison.Ordinal);
        }
        finally
        {
            exporter.Kill();
            await exporter.WaitForExitAsync();
            redis.Kill();
            await redis.WaitForExitAsync();
        }
    }

    /// <summary>The client takes connection strings with such passwords, so they are only letters and digits.</summary>
    [Fact]
    public void Password_BecomesPartOfAConnectionString()
    {
        using var compose = new ComposeFolder();
        var password = compose.Variables["REDIS_DATA_PASSWORD"];
        var template = Yaml.Parse(Repository.Read("deploy", "compose", "compose.yaml"))
            ["services/silo-1/environment/Gatehouse__Redis__ConnectionString"].Text;

        var options = ConfigurationOptions.Parse(
            template.Replace("${REDIS_DATA_PASSWORD:?set it in .env}", password, StringComparison.Ordinal));

        Assert.Equal(("gatehouse-data", password), (options.User, options.Password));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task<Process> StartRedisAsync(ComposeFolder compose)
    {
        var process = Start(compose.Variables);
        while (await process.StandardOutput.ReadLineAsync().WaitAsync(Patience) is { } line
            && !line.Contains("Ready to accept connections", StringComparison.Ordinal))
        {
            // It says what it loads first.
        }

        return process;
    }

    private Process StartExporter(string password, out Uri url)
    {
        var port = FreePort();
        url = new Uri($"http://127.0.0.1:{port}/metrics");
        var command = Yaml.Parse(Repository.Read("deploy", "compose", "compose.yaml"))["services/redis-exporter/command"].Items
            .Select(word => word.Text.Replace("172.28.0.40:6379", $"127.0.0.1:{_port}", StringComparison.Ordinal));
        var start = new ProcessStartInfo(
            Programs.Require("prometheus-redis-exporter", "prometheus-redis-exporter"),
            [.. command, $"--web.listen-address=127.0.0.1:{port}"]);
        start.Environment["REDIS_PASSWORD"] = password;
        return Process.Start(start)!;
    }

    private static async Task<string> ReadAsync(Uri url)
    {
        using var client = new HttpClient();
        using var end = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                return await client.GetStringAsync(url, end.Token);
            }
            catch (HttpRequestException)
            {
                await Task.Delay(20, end.Token);
            }
        }
    }

    private Process Start(Dictionary<string, string> variables)
    {
        Programs.Require("redis-server", "redis-server");
        var start = new ProcessStartInfo(
            "/bin/sh", [Repository.PathOf("deploy", "compose", "redis-start.sh"), "--port", $"{_port}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        start.Environment["ACL_FILE"] = Repository.PathOf("deploy", "redis", "users.acl");
        start.Environment["CONFIGURATION_FILE"] = Repository.PathOf("deploy", "redis", "redis.conf");
        start.Environment["RUN_FOLDER"] = start.Environment["DATA_FOLDER"] = _folder.FullName;
        start.Environment["BIND"] = "127.0.0.1";
        return Process.Start(start)!;
    }

    /// <summary>The password that the shipped file has is nobody's any more.</summary>
    private async Task ExpectRefusedAsync(string user) => Assert.StartsWith(
        "-WRONGPASS", await AuthenticateAsync(user, $"CHANGE-ME-{user}"), StringComparison.Ordinal);

    private async Task<string> AuthenticateAsync(string user, string password)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _port).WaitAsync(Patience);
        using var writer = new StreamWriter(client.GetStream()) { AutoFlush = true, NewLine = "\r\n" };
        await writer.WriteLineAsync($"AUTH gatehouse-{user} {password}");
        using var reader = new StreamReader(client.GetStream());
        return (await reader.ReadLineAsync().WaitAsync(Patience))!;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
