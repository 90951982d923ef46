using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using Gatehouse.Chaos.Tests.Processes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Deploy.Tests.Compose;

/// <summary>The shipped text in a real nginx: only addresses and folders are put in.</summary>
public sealed class NginxTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gatehouse-nginx-");
    private readonly HttpClient _client = new() { Timeout = Patience };
    private WebApplication _host = null!;
    private Process? _nginx;
    private Task<string> _errors = Task.FromResult("");

    private sealed record Seen(string[] ForwardedFor, string Path);

    private string Configuration => Path.Combine(_folder.FullName, "nginx.conf");

    private string Log => Path.Combine(_folder.FullName, "access.log");

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _host = builder.Build();
        _host.Urls.Add("http://127.0.0.1:0");
        _host.Map("/{**path}", (HttpRequest request) => new Seen([.. request.Headers["X-Forwarded-For"]!], request.Path));
        await _host.StartAsync();
        // One host answers; the other has stopped, and its port refuses.
        var (here, gone, port) = (new Uri(_host.Urls.First()).Authority, $"127.0.0.1:{FreePort()}", FreePort());
        await File.WriteAllTextAsync(Configuration, "daemon off;\n" + Repository.Read("deploy", "compose", "nginx.conf")
            .Replace("172.28.0.21:8080", gone, StringComparison.Ordinal)
            .Replace("172.28.0.22:8080", here, StringComparison.Ordinal)
            .Replace("listen 8080;", $"listen 127.0.0.1:{port};", StringComparison.Ordinal)
            .Replace("worker_processes auto;", "worker_processes 1;", StringComparison.Ordinal)
            .Replace("/tmp/", $"{_folder.FullName}/", StringComparison.Ordinal)
            .Replace("/dev/stdout", Log, StringComparison.Ordinal));
        _client.BaseAddress = new Uri($"http://127.0.0.1:{port}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_nginx is { HasExited: false })
        {
            await StopAsync();
        }

        _nginx?.Dispose();
        _client.Dispose();
        await _host.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Nginx_InFrontOfTwoHosts_TellsThemTheClientAndHidesWhatIsNotForClients()
    {
        var test = await RunAsync("-t");
        Assert.True(test.ExitCode == 0, test.All);
        await StartAsync();

        // More often than there are hosts: each time the one that is gone was asked, the other one answered.
        for (var i = 0; i < 4; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/tenants/acme?key=secret");
            request.Headers.Add("X-Forwarded-For", "203.0.113.9");
            using var answer = await _client.SendAsync(request);
            var seen = await answer.Content.ReadFromJsonAsync<Seen>();
            Assert.Equal(["127.0.0.1"], seen!.ForwardedFor);
        }

        foreach (var path in new[] { "/metrics", "/health/dependencies", "/dashboard", "/dashboard/", "/dashboard/x" })
        {
            using var hidden = await _client.GetAsync(path);
            Assert.Equal((path, HttpStatusCode.NotFound), (path, hidden.StatusCode));
        }

        var tail = await _client.GetFromJsonAsync<Seen>("/v1/tenants/acme/audit/tail");
        Assert.Equal(["127.0.0.1"], tail!.ForwardedFor);
        var log = await File.ReadAllTextAsync(Log);
        Assert.Contains("/v1/tenants/acme", log, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", log + await StopAsync(), StringComparison.Ordinal);
    }

    private async Task StartAsync()
    {
        _nginx = Process.Start(new ProcessStartInfo(
            Programs.Require("nginx", "nginx"), ["-e", "error.log", "-p", _folder.FullName, "-c", Configuration])
        {
            RedirectStandardError = true,
        })!;
        _errors = _nginx.StandardError.ReadToEndAsync();
        using var end = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync(IPAddress.Loopback, _client.BaseAddress!.Port, end.Token);
                return;
            }
            catch (SocketException) when (!_nginx.HasExited)
            {
                await Task.Delay(20, end.Token);
            }
        }
    }

    /// <summary>Ends it and answers what it wrote of faults.</summary>
    private async Task<string> StopAsync()
    {
        await RunAsync("-s", "stop");
        await _nginx!.WaitForExitAsync().WaitAsync(Patience);
        return await _errors;
    }

    private Task<ToolResult> RunAsync(params string[] arguments) => Tool.RunAsync(
        "nginx", "nginx", ["-e", "error.log", "-p", _folder.FullName, "-c", Configuration, .. arguments]);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
