using System.Net.Sockets;
using System.Text;
using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.Tests.Fixtures;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;

namespace Gatehouse.ApiHost.Tests.Hosting;

/// <summary>A host with a listener for operators.</summary>
public sealed class OperatedHost : IAsyncLifetime
{
    public TestHost Host { get; private set; } = null!;

    /// <summary>Reaches the listener for operators.</summary>
    public HttpClient Operators { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Host = await TestHost.StartAsync(new()
        {
            ["Gatehouse:Admin:Port"] = "0",
            ["Gatehouse:Http:ClientRequestsPerSecond"] = "0",
        });
        Operators = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{AdminListenerTests.PortOf(Host)}") };
    }

    public async ValueTask DisposeAsync()
    {
        Operators.Dispose();
        await Host.DisposeAsync();
    }
}

/// <summary>What is on which listener, and who gets at it.</summary>
public sealed class AdminListenerTests(OperatedHost operated) : IClassFixture<OperatedHost>
{
    private const string Dashboard = "/dashboard/DashboardCounters";

    private readonly TestHost _host = operated.Host;
    private readonly HttpClient _operators = operated.Operators;

    [Theory]
    [InlineData("/health/live", 200, 200)]
    [InlineData("/health/startup", 200, 200)]
    [InlineData("/health/ready", 200, 200)]
    [InlineData("/metrics", 404, 200)]
    [InlineData("/METRICS/", 404, 200)]
    [InlineData("/health/dependencies", 404, 200)]
    [InlineData("/dashboard/", 404, 401)]
    [InlineData("/openapi/v1.json", 200, 404)]
    [InlineData("/scalar", 200, 404)]
    [InlineData("/v1/cluster", 200, 404)]
    [InlineData("/v1/tenants/acme/keys/jwks.json", 200, 404)]
    [InlineData("/authz/nginx/acme/default", 401, 404)]
    [InlineData("/nothing", 404, 404)]
    public async Task Route_OnEachListener_IsThereOrIsNot(string path, int toPublic, int toOperators)
    {
        Assert.Equal(toPublic, (await SendAsync(_host.Client, path)).Status);
        var answer = await SendAsync(_operators, path);
        Assert.Equal(toOperators, answer.Status);
        Assert.True(toOperators != 404 || answer.Code == "route_not_found", answer.Text);
    }

    /// <summary>A client can write whatever it likes into them.</summary>
    [Theory]
    [InlineData("Host")]
    [InlineData("X-Forwarded-Host")]
    public async Task Route_AskedForInTheNameOfTheOtherListener_IsNotThere(string header)
    {
        var (mine, theirs) = (_host.Client.BaseAddress!.Authority, _operators.BaseAddress!.Authority);
        foreach (var path in new[] { "/metrics", "/health/dependencies", Dashboard })
        {
            Assert.Equal(404, (await SendAsync(_host.Client, path, HttpMethod.Get, (header, theirs))).Status);
        }

        Assert.Equal(404, (await SendAsync(_operators, "/v1/cluster", HttpMethod.Get, (header, mine))).Status);
    }

    /// <summary>The framework answers 405 where the path is known: that would tell that there is something.</summary>
    [Fact]
    public async Task Route_AskedForByAnotherMethod_IsNotThereEither()
    {
        Assert.Equal(404, (await SendAsync(_host.Client, "/health/dependencies", HttpMethod.Delete)).Status);
        Assert.Equal(404, (await SendAsync(_host.Client, Dashboard, HttpMethod.Delete)).Status);
        Assert.Equal(404, (await SendAsync(_operators, "/v1/cluster", HttpMethod.Delete)).Status);
        Assert.Equal(405, (await SendAsync(_operators, "/health/dependencies", HttpMethod.Delete)).Status);
        Assert.Equal(405, (await SendAsync(_host.Client, "/v1/cluster", HttpMethod.Delete)).Status);
    }

    [Fact]
    public async Task Dependencies_OnTheAdminListener_NeedTheAdminsCredential()
    {
        var answer = await Answer.ReadAsync(await _operators.GetAsync("/health/dependencies"));

        Assert.Equal((401, "unauthenticated"), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task Dashboard_EveryRoute_NeedsTheAdminKeyAsAPassword()
    {
        var tenant = await _host.NewKeyAsync(await _host.NewTenantAsync());
        var routes = _host.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Select(route => $"/{route.RoutePattern.RawText!.Trim('/')}")
            .Where(route => route.StartsWith("/dashboard", StringComparison.Ordinal)).Distinct().ToList();
        Assert.True(routes.Count > 15);

        foreach (var path in routes.Select(route => route.Replace("{page:int}", "1").Replace("{*", "x").Replace("}", "")))
        {
            foreach (var bad in new[] { null, "Basic", "Basic !", "Basic YQ==", Basic("guessed"), $"Bearer {TestHost.AdminKey}" })
            {
                var refused = await SendAsync(_operators, path, authorization: bad);
                Assert.Equal((401, "unauthenticated", path), (refused.Status, refused.Code, path));
                Assert.StartsWith("Basic realm=", refused.Headers["WWW-Authenticate"], StringComparison.Ordinal);
            }

            Assert.Equal((403, path), ((await SendAsync(_operators, path, authorization: Basic(tenant))).Status, path));
            Assert.Equal(404, (await SendAsync(_host.Client, path, authorization: Basic(TestHost.AdminKey))).Status);
        }
    }

    [Fact]
    public async Task Dashboard_WithTheAdminKey_ShowsTheClusterButNeitherLogsNorState()
    {
        var page = await SendAsync(_operators, "/dashboard/", authorization: Basic(TestHost.AdminKey));
        var counters = await SendAsync(_operators, Dashboard, authorization: Basic(TestHost.AdminKey));
        // It counts once a second.
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (counters.Json.GetProperty("totalActiveHostCount").GetInt32() == 0)
        {
            await Task.Delay(100, end.Token);
            counters = await SendAsync(_operators, Dashboard, authorization: Basic(TestHost.AdminKey));
        }

        Assert.Equal(200, page.Status);
        Assert.Contains("<html", page.Text, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(200, counters.Status);
        Assert.Equal(1, counters.Json.GetProperty("totalActiveHostCount").GetInt32());
        foreach (var hidden in new[] { "/dashboard/Trace", "/dashboard/GrainState?grainId=a&grainType=tenant" })
        {
            Assert.Equal(404, (await SendAsync(_operators, hidden, authorization: Basic(TestHost.AdminKey))).Status);
        }
    }

    [Fact]
    public async Task Listener_BesideUrls_IsApartAndThrottlesGuesses()
    {
        await using var host = await TestHost.StartAsync(new()
        {
            ["urls"] = "http://127.0.0.1:0;http://[::1]:0",
            ["Gatehouse:Admin:Port"] = "0",
            ["Gatehouse:Http:ClientRequestsPerSecond"] = "5",
            ["Gatehouse:Http:FailedAuthenticationCost"] = "100",
        });
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{PortOf(host)}") };
        await AssertApartAsync(host, listeners: 3);

        Assert.Equal(401, (await SendAsync(client, Dashboard, authorization: Basic("guessed"))).Status);
        var refused = await SendAsync(client, Dashboard, authorization: Basic(TestHost.AdminKey));

        Assert.Equal((429, "door_limited"), (refused.Status, refused.Code));
    }

    [Fact]
    public async Task Listener_BesideConfiguredEndpoints_IsApartAndWithoutADashboardNothingOfItRuns()
    {
        await using var host = await TestHost.StartAsync(new()
        {
            ["Kestrel:Endpoints:Http:Url"] = "http://127.0.0.1:0",
            ["Gatehouse:Admin:Port"] = "0",
            ["Gatehouse:Admin:Dashboard"] = "false",
        });
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{PortOf(host)}") };
        await AssertApartAsync(host, listeners: 2);

        Assert.Equal(404, (await SendAsync(client, "/dashboard/", authorization: Basic(TestHost.AdminKey))).Status);
        Assert.DoesNotContain(FiltersOf(host), filter => filter.Contains("Dashboard", StringComparison.Ordinal));
        Assert.Contains(FiltersOf(_host), filter => filter.Contains("Dashboard", StringComparison.Ordinal));
        Assert.DoesNotContain(GrainsOf(host), grain => grain.Contains("Dashboard", StringComparison.Ordinal));
        Assert.Contains(GrainsOf(_host), grain => grain.Contains("Dashboard", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("urls", "http://127.0.0.1:{0}")]
    [InlineData("urls", "http://127.0.0.1:0;http://*:{0}")]
    [InlineData("Kestrel:Endpoints:Http:Url", "http://localhost:{0}")]
    public async Task Listener_OnThePublicPort_StopsTheStart(string setting, string value)
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var port = $"{((System.Net.IPEndPoint)listener.LocalEndpoint).Port}";

        var refusal = await Assert.ThrowsAnyAsync<Exception>(async () => await TestHost.StartAsync(
            new() { ["Gatehouse:Admin:Port"] = port, [setting] = value.Replace("{0}", port) }));

        Assert.Contains("Gatehouse:Admin:Port must be another port", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>Kestrel can be told to listen to something else than what its settings say.</summary>
    [Fact]
    public async Task Listener_ThatKestrelDoesNotOpen_StopsTheStart()
    {
        var folder = Directory.CreateTempSubdirectory("gatehouse-admin-");
        await using (var app = TestHost.Build(folder.FullName, new()
        {
            ["Gatehouse:Admin:Port"] = "0",
            ["Kestrel:Endpoints:Http:Url"] = "http://127.0.0.1:0",
            ["preferHostingUrls"] = "true",
        }))
        {
            var refusal = await Assert.ThrowsAnyAsync<Exception>(() => app.StartAsync());
            Assert.Contains("Gatehouse:Admin:Port", refusal.ToString(), StringComparison.Ordinal);
        }

        folder.Delete(recursive: true);
    }

    private static async Task AssertApartAsync(TestHost host, int listeners)
    {
        using var client = new HttpClient();
        Assert.Equal(listeners, host.App.Urls.Count);
        foreach (var url in host.App.Urls)
        {
            var isAdmin = new Uri(url).Port == PortOf(host);
            Assert.Equal(isAdmin ? 200 : 404, (int)(await client.GetAsync($"{url}/metrics")).StatusCode);
            Assert.Equal(isAdmin ? 404 : 200, (int)(await client.GetAsync($"{url}/openapi/v1.json")).StatusCode);
        }
    }

    internal static int PortOf(TestHost host) => host.App.Services.GetRequiredService<AdminPort>().Number;

    private static IEnumerable<string> GrainsOf(TestHost host) =>
        host.App.Services.GetRequiredService<IOptions<GrainTypeOptions>>().Value.Classes.Select(grain => grain.FullName!);

    private static IEnumerable<string> FiltersOf(TestHost host) =>
        host.App.Services.GetServices<IIncomingGrainCallFilter>().Select(filter => filter.GetType().FullName!);

    private static string Basic(string password) =>
        $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"anybody:{password}"))}";

    private static Task<Answer> SendAsync(HttpClient client, string path) => SendAsync(client, path, HttpMethod.Get);

    private static Task<Answer> SendAsync(
        HttpClient client, string path, HttpMethod method, params (string Name, string Value)[] headers) =>
        SendAsync(client, path, $"Bearer {TestHost.AdminKey}", method, headers);

    private static async Task<Answer> SendAsync(
        HttpClient client, string path, string? authorization, HttpMethod? method = null,
        params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, path);
        foreach (var (name, value) in headers.Append(("Authorization", authorization ?? "")))
        {
            if (value.Length > 0)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        using var response = await client.SendAsync(request);
        return await Answer.ReadAsync(response);
    }
}
