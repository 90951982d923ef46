using System.Net;
using System.Text.Json;
using Gatehouse.AspNetCore.RateLimiting;
using Gatehouse.AspNetCore.Tests.Fixtures;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gatehouse.AspNetCore.Tests.RateLimiting;

/// <summary>A web service whose requests are held to the limits of a Gatehouse.</summary>
public sealed class RateLimitingTests(WholeGatehouse gatehouse) : IAsyncDisposable
{
    private const string Admitted = """
        {"allowed":true,"reason":"within_limit","limit":1,"effectiveLimit":1,"remaining":0,"resetAfterMs":1,"retryAfterMs":0,
        "cold":false,"degraded":false,"policy":"p"}
        """;

    private readonly TestLog _log = new();
    private readonly FakeGatehouse _fake = new();
    private WebApplication? _app;
    private Measurements? _metrics;

    [Fact]
    public async Task Requests_AboveTheLimit_Are429_WithWhatGatehouseSays()
    {
        using var client = await StartAsync(app => app.UseGatehouseRateLimiting("two"), await WithPolicyAsync());

        using var first = await client.GetAsync(Path("/open"));
        using var second = await client.GetAsync(Path("/open"));
        using var third = await client.GetAsync(Path("/open"));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (first.StatusCode, second.StatusCode));
        Assert.Equal("\"two\";q=2;w=60", Assert.Single(first.Headers.GetValues("RateLimit-Policy")));
        Assert.StartsWith("\"two\";r=1", Assert.Single(first.Headers.GetValues("RateLimit")), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.TooManyRequests, third.StatusCode);
        Assert.InRange(third.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(70));
        Assert.StartsWith("\"two\";r=0", Assert.Single(third.Headers.GetValues("RateLimit")), StringComparison.Ordinal);
        Assert.Equal("application/problem+json", third.Content.Headers.ContentType!.MediaType);
        var problem = await ReadAsync(third);
        Assert.Equal(("rate_limited", 429, "The limit of 2 is spent.", false, "two"), (
            problem.GetProperty("code").GetString(), problem.GetProperty("status").GetInt32(),
            problem.GetProperty("detail").GetString(), problem.GetProperty("allowed").GetBoolean(),
            problem.GetProperty("policy").GetString()));
        Assert.Equal(
            "https://iana.org/assignments/http-problem-types#quota-exceeded", problem.GetProperty("type").GetString());
    }

    [Fact]
    public async Task Endpoint_WithALimitOfItsOwn_IsHeldToIt_AndOthersAreNot()
    {
        using var client = await StartAsync(_ => { }, await WithPolicyAsync(), "two");

        Assert.Equal([200, 200, 429], await StatusesAsync(client, "/limited", "/limited", "/limited"));
        Assert.Equal([200, 200, 200], await StatusesAsync(client, "/open", "/open", "/open"));
    }

    [Fact]
    public async Task Subjects_AreCountedEachForItself_AndWhoHasNoNameByAddress()
    {
        using var client = await StartAsync(
            app => app.UseGatehouseRateLimiting("two", options =>
            {
                options.Subject = static context => context.Request.Query["name"];
                options.Cost = static context => context.Request.Query.ContainsKey("dear") ? 2 : 1;
            }),
            await WithPolicyAsync());

        Assert.Equal([200, 200, 429, 200, 429, 200, 200, 429], await StatusesAsync(
            client, "/open?name=a", "/open?name=a", "/open?name=a", "/open?name=b&dear", "/open?name=b", "/open", "/open?name=",
            "/open"));
    }

    [Fact]
    public async Task Request_WithoutADecision_IsRefused_Loudly()
    {
        _fake.ThenOverloaded(retryAfter: 7).Then(401, """{"code":"unauthenticated","detail":"Not known."}""");
        using var client = await StartAsync(app => app.UseGatehouseRateLimiting("p"), WithFake);

        using var overloaded = await client.GetAsync(Path("/open"));
        using var refused = await client.GetAsync(Path("/open"));

        Assert.Equal((HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(7)), (
            overloaded.StatusCode, overloaded.Headers.RetryAfter!.Delta));
        var problem = await ReadAsync(overloaded);
        Assert.Equal(("service_overloaded", "no_decision", "no"), (
            problem.GetProperty("code").GetString(), problem.GetProperty("reason").GetString(),
            problem.GetProperty("applied").GetString()));
        Assert.InRange(problem.GetProperty("retryAfterMs").GetInt32(), 7_000, 8_400);
        Assert.Equal((HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(5)), (
            refused.StatusCode, refused.Headers.RetryAfter!.Delta));
        Assert.Equal((1, 1), (
            _metrics!["gatehouse.rate_limiting.undecided(denied,unavailable)"],
            _metrics["gatehouse.rate_limiting.undecided(denied,refused)"]));
        Assert.Equal((LogLevel.Warning, LogLevel.Error), (Line(6020).Level, Line(6021).Level));
        Assert.Contains("401 unauthenticated", Line(6021).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_WithoutADecision_MayGoOn_IfTheServiceSaysSo_AndIsCounted()
    {
        _fake.ThenLost();
        var time = new TestTime();
        using var client = await StartAsync(
            app => app.UseGatehouseRateLimiting("p", options => options.OnUnavailable = UnavailableRule.Allow),
            services =>
            {
                WithFake(services);
                services.AddSingleton<TimeProvider>(time);
            });

        Assert.Equal([200, 200, 200], await StatusesAsync(client, "/open", "/open", "/open"));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([200], await StatusesAsync(client, "/open"));

        Assert.Equal(4, _metrics!["gatehouse.rate_limiting.undecided(allowed,unavailable)"]);
        var lines = _log.Lines.Where(line => line.Id == 6020).Select(line => line.Text).ToList();
        Assert.Equal(2, lines.Count);
        Assert.Contains("2 more since", lines[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(257, 'a')]
    [InlineData(3, '\u0007')]
    public async Task Subject_ThatGatehouseWouldRefuse_CountsByItsHash(int length, char letter)
    {
        _fake.Then(200, Admitted);
        using var client = await StartAsync(
            app => app.UseGatehouseRateLimiting("p", options =>
            {
                options.Subject = _ => new string(letter, length);
                options.OnUnavailable = UnavailableRule.Allow;
            }),
            WithFake);

        Assert.Equal([200], await StatusesAsync(client, "/open"));

        Assert.Matches("^sha256:[0-9a-f]{64}$", Assert.Single(_fake.Requests).Json.GetProperty("subject").GetString());
    }

    [Fact]
    public void Limit_WithoutAddGatehouse_IsAFaultAtStart() => Assert.Throws<InvalidOperationException>(
        () => WebApplication.CreateSlimBuilder().Build().UseGatehouseRateLimiting("p"));

    public async ValueTask DisposeAsync()
    {
        _metrics?.Dispose();
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }
    }

    private static Uri Path(string path) => new(path, UriKind.Relative);

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response) =>
        JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;

    private static async Task<List<int>> StatusesAsync(HttpClient client, params string[] paths)
    {
        var statuses = new List<int>();
        foreach (var path in paths)
        {
            using var response = await client.GetAsync(Path(path));
            statuses.Add((int)response.StatusCode);
        }

        return statuses;
    }

    private (LogLevel Level, int Id, string Text) Line(int id) => _log.Lines.Single(line => line.Id == id);

    private void WithFake(IServiceCollection services)
    {
        services.AddGatehouse(options => (options.Tenant, options.ApiKey) = ("acme", TestService.Key));
        services.AddHttpClient("Gatehouse").ConfigurePrimaryHttpMessageHandler(_fake.NewHandler);
    }

    private async Task<Action<IServiceCollection>> WithPolicyAsync()
    {
        var (tenant, key) = await gatehouse.NewTenantAsync();
        await gatehouse.Host.PutPolicyAsync(
            tenant, """{"limit":2,"window":"00:01:00","coldStart":{"duration":"00:00:00"}}""", "two");
        return services => services.AddGatehouse(options =>
        {
            (options.Url, options.Tenant, options.ApiKey) = (gatehouse.Host.Client.BaseAddress!, tenant, key);
            options.Check.AttemptTimeout = options.Check.TotalTimeout = TimeSpan.FromSeconds(30);
        });
    }

    private async Task<HttpClient> StartAsync(
        Action<WebApplication> use, Action<IServiceCollection> configure, string? policy = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().AddProvider(_log);
        configure(builder.Services);
        _app = builder.Build();
        _metrics = new Measurements(_app.Services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>());
        use(_app);
        _app.MapGet("/open", static () => "open");
        if (policy is not null)
        {
            _app.MapGroup("").RequireGatehouseRateLimit(policy).MapGet("/limited", static () => "limited");
        }

        await _app.StartAsync();
        return new HttpClient { BaseAddress = new Uri(_app.Urls.First()) };
    }
}
