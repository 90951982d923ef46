using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Reflection;

namespace Gatehouse.Chaos.Tests.Processes;

/// <summary>What a proxy stands between, and with which key it asks for which policy.</summary>
internal sealed record ProxySetup(Uri Gatehouse, Uri Application, string Key, string Tenant, string Policy);

/// <summary>A real proxy with the configuration of <c>deploy/proxies</c>: only addresses and names are put in.</summary>
internal sealed class ProxyServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TempFolder _folder;
    private readonly Process _process;
    private readonly int _port;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ProxyServer(TempFolder folder, int port, string readyLine, ProcessStartInfo start)
    {
        (_folder, _port) = (folder, port);
        start.RedirectStandardError = true;
        _process = new Process { StartInfo = start };
        _process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is null)
            {
                _ready.TrySetException(new InvalidOperationException("It ended."));
                return;
            }

            _output.Enqueue(line.Data);
            if (line.Data.Contains(readyLine, StringComparison.Ordinal))
            {
                _ready.TrySetResult();
            }
        };
    }

    public static TheoryData<string> Kinds { get; } = ["nginx", "caddy"];

    /// <param name="kind">Which proxy.</param>
    /// <param name="setup">What to put in.</param>
    /// <param name="replace">A change of the shipped text that its comments offer.</param>
    public static async Task<ProxyServer> StartAsync(
        string kind, ProxySetup setup, params (string Shipped, string Instead)[] replace)
    {
        var server = kind == "nginx" ? Nginx(setup, replace) : Caddy(setup, replace);
        server._process.Start();
        server._process.BeginErrorReadLine();
        try
        {
            await server._ready.Task.WaitAsync(Patience);
            return server;
        }
        catch (Exception failure)
        {
            var output = string.Join('\n', server._output);
            await server.DisposeAsync();
            throw new InvalidOperationException($"{kind} did not become ready. It said:\n{output}", failure);
        }
    }

    /// <summary>A client with a loopback address of its own, as the proxy sees it.</summary>
    public HttpClient ClientAt(string address) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellation) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
            await socket.ConnectAsync(IPAddress.Loopback, _port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    {
        BaseAddress = new Uri($"http://127.0.0.1:{_port}"),
        Timeout = Patience,
    };

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            // Not a kill: nginx' master has to end its workers.
            Signals.Send(_process.Id, Signals.Terminate);
            await _process.WaitForExitAsync().WaitAsync(Patience);
        }

        _process.Dispose();
        _folder.Dispose();
    }

    private static ProxyServer Nginx(ProxySetup setup, (string, string)[] replace)
    {
        var (program, folder, port) = (Programs.Require("nginx", "nginx"), new TempFolder(), Ports.Free());
        Write(folder, "gatehouse-key.conf", $"proxy_set_header X-Gatehouse-Key {setup.Key};");
        Write(folder, "gatehouse.conf", Shipped("nginx.conf", [
            ("server 127.0.0.1:8080;", $"server {setup.Gatehouse.Authority};"),
            ("server 127.0.0.1:3000;", $"server {setup.Application.Authority};"),
            ("listen 8000;", $"listen 127.0.0.1:{port};"),
            ("/authz/nginx/acme/default;", $"/authz/nginx/{setup.Tenant}/{setup.Policy};"),
            .. replace]));
        Write(folder, "nginx.conf", """
            daemon off;
            worker_processes 1;
            pid nginx.pid;
            error_log stderr notice;
            events { worker_connections 256; }
            http {
                access_log off;
                client_body_temp_path body;
                proxy_temp_path proxy;
                fastcgi_temp_path fastcgi;
                uwsgi_temp_path uwsgi;
                scgi_temp_path scgi;
                include gatehouse.conf;
            }
            """);
        // Its sockets listen before the first worker starts.
        return new ProxyServer(folder, port, "start worker process ", new ProcessStartInfo(
            program, ["-e", "stderr", "-p", folder.Path, "-c", Path.Combine(folder.Path, "nginx.conf")]));
    }

    private static ProxyServer Caddy(ProxySetup setup, (string, string)[] replace)
    {
        var (program, folder, port) = (Programs.Require("caddy", "caddy"), new TempFolder(), Ports.Free());
        var options = "{\n\tadmin off\n\tdefault_bind 127.0.0.1\n}\n";
        Write(folder, "Caddyfile", options + Shipped("Caddyfile", [
            ("/authz/forward/acme/default?", $"/authz/forward/{setup.Tenant}/{setup.Policy}?"), .. replace]));
        return new ProxyServer(folder, port, "serving initial configuration", new ProcessStartInfo(
            program, ["run", "--config", Path.Combine(folder.Path, "Caddyfile"), "--adapter", "caddyfile"])
        {
            Environment =
            {
                ["HOME"] = folder.Path,
                ["XDG_CONFIG_HOME"] = folder.Path,
                ["XDG_DATA_HOME"] = folder.Path,
                ["SITE_ADDRESS"] = $"http://127.0.0.1:{port}",
                ["GATEHOUSE_ADDRESS"] = setup.Gatehouse.Authority,
                ["APPLICATION_ADDRESS"] = setup.Application.Authority,
                ["GATEHOUSE_KEY"] = setup.Key,
            },
        });
    }

    /// <summary>The shipped text; what is replaced has to be there, once.</summary>
    private static string Shipped(string name, (string Shipped, string Instead)[] replace)
    {
        var folder = typeof(ProxyServer).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "ProxiesFolder").Value!;
        var text = File.ReadAllText(Path.Combine(folder, name));
        foreach (var (shipped, instead) in replace)
        {
            var parts = text.Split(shipped);
            Assert.True(parts.Length == 2, $"{name} holds '{shipped}' {parts.Length - 1} times.");
            text = string.Join(instead, parts);
        }

        return text;
    }

    private static void Write(TempFolder folder, string name, string text) =>
        File.WriteAllText(Path.Combine(folder.Path, name), text);
}
