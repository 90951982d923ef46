using System.Diagnostics;

namespace Gatehouse.Benchmarks.Peers;

/// <summary>nginx with <c>limit_req</c> for each subject, in front of the least answer that it can give.</summary>
internal sealed class NginxServer : IAsyncDisposable
{
    // Debian keeps it where only root's PATH leads.
    public const string Program = "/usr/sbin/nginx";

    private readonly DirectoryInfo _folder;

    private NginxServer(ServerProcess server, DirectoryInfo folder, int port) =>
        (Process, _folder, Url) = (server, folder, new Uri($"http://127.0.0.1:{port}"));

    public ServerProcess Process { get; }

    public Uri Url { get; }

    public static bool IsInstalled => File.Exists(Program);

    public static async Task<NginxServer> StartAsync()
    {
        var (folder, port) = (Directory.CreateTempSubdirectory("gatehouse-bench-"), ServerProcess.FreePort());
        var file = Path.Combine(folder.FullName, "nginx.conf");
        await File.WriteAllTextAsync(file, Configuration(port));
        var start = new ProcessStartInfo(Program, ["-e", "stderr", "-p", folder.FullName, "-c", file]);
        // Not a kill: its master has to end its workers.
        var server = await ServerProcess.StartAsync(start, "start worker process ", endSignal: "TERM");
        return new NginxServer(server, folder, port);
    }

    public static byte[][] Requests(int subjects) => [.. Enumerable.Range(0, subjects)
        .Select(i => LoadClient.Get($"/open?subject=10.{i / 62_500}.{i / 250 % 250}.{i % 250}"))];

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    // empty_gif, because "return" answers before limit_req is asked. It reads no body: the subject is in the query.
    private static string Configuration(int port) => $$"""
        daemon off;
        worker_processes auto;
        pid nginx.pid;
        error_log stderr notice;
        events { worker_connections 1024; }
        http {
            access_log off;
            client_body_temp_path body;
            proxy_temp_path proxy;
            fastcgi_temp_path fastcgi;
            uwsgi_temp_path uwsgi;
            scgi_temp_path scgi;
            limit_req_zone $arg_subject zone=open:16m rate=1000000r/s;
            limit_req_zone $arg_subject zone=shut:16m rate=1r/m;
            limit_req_status 429;
            limit_req_log_level info;
            server {
                listen 127.0.0.1:{{port}};
                keepalive_requests 1000000000;
                location = /open {
                    limit_req zone=open burst=1000000 nodelay;
                    empty_gif;
                }
                location = /shut {
                    limit_req zone=shut;
                    empty_gif;
                }
            }
        }
        """;
}
