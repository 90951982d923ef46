using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Gatehouse.Chaos.Tests.Processes;

/// <summary>A real executable in a process of its own: the API host, or a silo.</summary>
internal sealed partial class GatehouseProcess : IAsyncDisposable
{
    private const string ApiHost = "ApiHost";
    private const string Silo = "Silo";
    private const string Kek = "xZ1mJZkq3m0Yb1Vh9qTn2rK6sW8uD4fG5hJ7kL0pQwE=";
    private const string AdminKey = "an-admin-key-for-chaos-0123456789abcdef";
    // After a whole cluster was killed, a silo waits until its predecessors' rows are stale: 15 s.
    private static readonly TimeSpan StartMax = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly TaskCompletionSource<Uri> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private GatehouseProcess(string project, string folder, Dictionary<string, string> settings)
    {
        string[] url = project == ApiHost ? ["--urls", "http://127.0.0.1:0"] : [];
        var start = new ProcessStartInfo("dotnet", [Executable(project), .. url])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
            Environment =
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Production",
                // A process that lives for seconds never gets back what profiling it costs.
                ["DOTNET_TieredPGO"] = "0",
                ["Gatehouse__DataDirectory"] = folder,
                ["Gatehouse__Auth__AdminKey"] = AdminKey,
                ["Gatehouse__SigningKeys__Kek"] = Kek,
                ["Gatehouse__Silo__Port"] = $"{Ports.Free()}",
                ["Gatehouse__Silo__GatewayPort"] = $"{Ports.Free()}",
                ["Gatehouse__Silo__HealthPort"] = "0",
                // A process that starts on a busy machine is not to take a slow first answer for a lost store.
                ["Gatehouse__RateLimiting__LoadTimeout"] = "00:00:01.500",
                ["Gatehouse__RateLimiting__ReservationWait"] = "00:00:00.500",
                ["Gatehouse__Overload__StoreDeadline"] = "00:00:01.500",
            },
        };
        if (project == Silo || settings.GetValueOrDefault("Gatehouse:Topology") is "CoHosted")
        {
            // One for all silos of a test, which share the folder.
            start.Environment["Gatehouse__Archive__ConnectionString"] = $"Data Source={Path.Combine(folder, "archive.db")}";
        }

        foreach (var (name, value) in settings)
        {
            start.Environment[name.Replace(":", "__")] = value;
        }

        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Read(line.Data);
        _process.ErrorDataReceived += (_, line) => Read(line.Data);
    }

    public HttpClient Client { get; private set; } = new();

    public TimeSpan StartedIn { get; private set; }

    public string Output => string.Join('\n', _output);

    /// <summary>The operating system's number of the process, for signals.</summary>
    public int Id => _process.Id;

    /// <summary>Starts the API host and waits until it says that it is ready.</summary>
    public static Task<GatehouseProcess> StartAsync(string folder, Dictionary<string, string>? settings = null) =>
        StartAsync(ApiHost, folder, settings);

    /// <summary>
    /// Starts a silo and waits until it says that it is ready. It takes free ports unless the settings name some;
    /// <see cref="Client"/> reaches its health listener, which knows no tenants.
    /// </summary>
    public static Task<GatehouseProcess> StartSiloAsync(string folder, Dictionary<string, string>? settings = null) =>
        StartAsync(Silo, folder, settings);

    /// <summary>Runs until the process ends by itself; for starts that must fail.</summary>
    public static Task<(int ExitCode, string Output)> RunToEndAsync(
        string folder, Dictionary<string, string>? settings = null) => RunToEndAsync(ApiHost, folder, settings);

    /// <summary>The same for a silo.</summary>
    public static Task<(int ExitCode, string Output)> RunSiloToEndAsync(
        string folder, Dictionary<string, string>? settings = null) => RunToEndAsync(Silo, folder, settings);

    public async Task<(int Status, JsonElement Body)> SendAsync(HttpMethod method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Content = body is null ? null : new StringContent(body, null, "application/json");
        return await SendAsync(request);
    }

    /// <summary>Sends a request with headers of its own, with the admin key.</summary>
    public async Task<(int Status, JsonElement Body)> SendAsync(HttpRequestMessage request)
    {
        using var response = await AnswerAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement);
    }

    /// <summary>Sends a request with the admin key and answers all that came back.</summary>
    public Task<HttpResponseMessage> AnswerAsync(HttpRequestMessage request)
    {
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", AdminKey);
        return Client.SendAsync(request);
    }

    /// <summary>Sends a request as a browser would, to which the admin gave the key as a password.</summary>
    public async Task<JsonElement> SendWithPasswordAsync(HttpRequestMessage request)
    {
        var password = Convert.ToBase64String(Encoding.UTF8.GetBytes($"admin:{AdminKey}"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", password);
        using var response = await Client.SendAsync(request);
        response.EnsureSuccessStatusCode();
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
    }

    /// <summary>Asks for what is not one JSON document; comes back when the answer begins.</summary>
    public async Task<HttpResponseMessage> SendRawAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", AdminKey);
        return await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>Reads an answer that is no JSON into a file.</summary>
    public async Task DownloadAsync(string path, string file)
    {
        using var response = await SendRawAsync(path);
        response.EnsureSuccessStatusCode();
        await using var output = File.Create(file);
        await response.Content.CopyToAsync(output);
    }

    public Task<(int Status, JsonElement Body)> CheckAsync(string tenant, string policy, string subject, int cost = 1) =>
        SendAsync(HttpMethod.Post, $"/v1/tenants/{tenant}/rate-limits/{policy}/check",
            $$"""{"subject":"{{subject}}","cost":{{cost}}}""");

    /// <summary>Calls a route of the tenant's signing keys.</summary>
    public Task<(int Status, JsonElement Body)> KeyAsync(string tenant, string path, string body) =>
        SendAsync(HttpMethod.Post, $"/v1/tenants/{tenant}/keys/{path}", body);

    public Task<(int Status, JsonElement Body)> PutTenantAsync(string tenant) =>
        SendAsync(HttpMethod.Put, $"/v1/tenants/{tenant}", "{}");

    public Task<(int Status, JsonElement Body)> PutPolicyAsync(string tenant, string policy, string body) =>
        SendAsync(HttpMethod.Put, $"/v1/tenants/{tenant}/rate-limits/{policy}", body);

    /// <summary>Asks the process to end and answers its exit code.</summary>
    public async Task<int> StopAsync(int signal = Signals.Terminate)
    {
        Signals.Send(_process.Id, signal);
        return await EndedAsync();
    }

    /// <summary>Waits until it has ended by itself and answers its exit code.</summary>
    public async Task<int> EndedAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(StartMax);
        return _process.ExitCode;
    }

    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        Client.Dispose();
        _process.Dispose();
    }

    private static async Task<GatehouseProcess> StartAsync(
        string project, string folder, Dictionary<string, string>? settings)
    {
        var process = new GatehouseProcess(project, folder, settings ?? []);
        var start = TimeProvider.System.GetTimestamp();
        process.Run();
        try
        {
            var url = await process._ready.Task.WaitAsync(StartMax);
            process.StartedIn = TimeProvider.System.GetElapsedTime(start);
            process.Client = new HttpClient { BaseAddress = url, Timeout = TimeSpan.FromSeconds(10) };
            return process;
        }
        catch (Exception failure)
        {
            var output = process.Output;
            await process.DisposeAsync();
            throw new InvalidOperationException($"The process did not become ready. It said:\n{output}", failure);
        }
    }

    private static async Task<(int ExitCode, string Output)> RunToEndAsync(
        string project, string folder, Dictionary<string, string>? settings)
    {
        await using var process = new GatehouseProcess(project, folder, settings ?? []);
        process.Run();
        return (await process.EndedAsync(), process.Output);
    }

    private void Run()
    {
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    private void Read(string? line)
    {
        if (line is null)
        {
            _ready.TrySetException(new InvalidOperationException("It ended."));
            return;
        }

        _output.Enqueue(line);
        if (ReadyLine().Match(line) is { Success: true } ready)
        {
            _ready.TrySetResult(new Uri(ready.Groups["url"].Value));
        }
    }

    internal static string Executable(string project)
    {
        var folder = typeof(GatehouseProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == $"{project}Folder").Value!;
        return Path.Combine(folder, $"Gatehouse.{project}.dll");
    }

    [GeneratedRegex(@"^\s*(listens on|Gatehouse silo is ready\..* health)\s+(?<url>\S+)")]
    private static partial Regex ReadyLine();
}
