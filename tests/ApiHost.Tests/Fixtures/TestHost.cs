using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Gatehouse.ApiHost.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Gatehouse.ApiHost.Tests.Fixtures;

/// <summary>
/// The real application on a real Kestrel and the embedded store, on a free port and in a folder of its own.
/// </summary>
public sealed class TestHost : IAsyncDisposable
{
    public const string AdminKey = "an-admin-key-for-tests-0123456789abcdef";

    /// <summary>The key-encryption key of all hosts.</summary>
    public const string Kek = "xZ1mJZkq3m0Yb1Vh9qTn2rK6sW8uD4fG5hJ7kL0pQwE=";

    /// <summary>
    /// Holds a large body back until the host wants it: a host that refuses a body while it arrives resets the connection,
    /// and its answer can be lost with it.
    /// </summary>
    public static readonly (string, string) AskFirst = ("Expect", "100-continue");

    private static int _names;

    private readonly DirectoryInfo _folder;

    private TestHost(WebApplication app, DirectoryInfo folder)
    {
        (App, _folder) = (app, folder);
        // The default of one second, then the body is sent unasked, is too short for a loaded machine.
        var handler = new SocketsHttpHandler { Expect100ContinueTimeout = TimeSpan.FromMinutes(1) };
        Client = new HttpClient(handler) { BaseAddress = new Uri(app.Urls.First()) };
    }

    public WebApplication App { get; }

    public HttpClient Client { get; }

    public static async Task<TestHost> StartAsync(
        Dictionary<string, string?>? settings = null, Action<WebApplicationBuilder>? configure = null)
    {
        var folder = Directory.CreateTempSubdirectory("gatehouse-http-");
        var app = Build(folder.FullName, settings, configure);
        await app.StartAsync();
        return new TestHost(app, folder);
    }

    public static WebApplication Build(
        string folder, Dictionary<string, string?>? settings = null, Action<WebApplicationBuilder>? configure = null) =>
        GatehouseHost.Build(["--environment", "Production", "--urls", "http://127.0.0.1:0"], builder =>
        {
            builder.Logging.ClearProviders();
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Gatehouse:DataDirectory"] = folder,
                ["Gatehouse:Auth:AdminKey"] = AdminKey,
                ["Gatehouse:SigningKeys:Kek"] = Kek,
                // A machine that is busy with other tests is not to be taken for a lost store.
                ["Gatehouse:RateLimiting:LoadTimeout"] = "00:00:05",
                ["Gatehouse:RateLimiting:ReservationWait"] = "00:00:01",
                ["Gatehouse:Overload:StoreDeadline"] = "00:00:05",
            });
            builder.Configuration.AddInMemoryCollection(settings ?? []);
            configure?.Invoke(builder);
        });

    public static string NewName() => $"t{Interlocked.Increment(ref _names).ToString(CultureInfo.InvariantCulture)}";

    public async Task<string> NewTenantAsync()
    {
        var tenant = NewName();
        var answer = await SendAsync(HttpMethod.Put, $"/v1/tenants/{tenant}", AdminKey, "{}");
        Assert.True(answer.Status == 201, $"{answer.Status} {answer.Text}");
        return tenant;
    }

    public async Task<string> NewKeyAsync(string tenant, string scopes = "\"ratelimit\"", string expiresAt = "null")
    {
        var body = $$"""{"scopes":[{{scopes}}],"expiresAt":{{expiresAt}}}""";
        var answer = await SendAsync(HttpMethod.Post, $"/v1/tenants/{tenant}/api-keys", AdminKey, body);
        Assert.True(answer.Status == 201, $"{answer.Status} {answer.Text}");
        return answer.Json.GetProperty("key").GetString()!;
    }

    public Task<Answer> CheckAsync(string tenant, string key, string body, string policy = "default") =>
        SendAsync(HttpMethod.Post, $"/v1/tenants/{tenant}/rate-limits/{policy}/check", key, body);

    public Task<Answer> PutPolicyAsync(string tenant, string body, string policy = "p") =>
        SendAsync(HttpMethod.Put, $"/v1/tenants/{tenant}/rate-limits/{policy}", AdminKey, body);

    public Task<Answer> SendAsync(HttpMethod method, string path, string? key, string? body = null) =>
        SendAsync(method, path, key, body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"));

    public async Task<Answer> SendAsync(
        HttpMethod method, string path, string? key, HttpContent? content, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (key is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await Client.SendAsync(request);
        return await Answer.ReadAsync(response);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}

/// <summary>One answer, read whole.</summary>
public sealed record Answer(int Status, string Text, IReadOnlyDictionary<string, string> Headers)
{
    public JsonElement Json => JsonDocument.Parse(Text).RootElement;

    public string? Code => Json.TryGetProperty("code", out var code) ? code.GetString() : null;

    public (string Field, string Rule) Fault
    {
        get
        {
            var fault = Json.GetProperty("errors")[0];
            return (fault.GetProperty("field").GetString()!, fault.GetProperty("rule").GetString()!);
        }
    }

    public static async Task<Answer> ReadAsync(HttpResponseMessage response)
    {
        var headers = response.Headers.Concat(response.Content.Headers)
            .ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase);
        return new Answer((int)response.StatusCode, await response.Content.ReadAsStringAsync(), headers);
    }
}
