using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Gatehouse.ApiHost.Tests.Fixtures;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Abstractions.Tenants;
using Microsoft.Extensions.DependencyInjection;
using static Gatehouse.ApiHost.Tests.Fixtures.ForwardAuthCalls;

namespace Gatehouse.ApiHost.Tests.RateLimiting;

/// <summary>What proxies are answered, each family in its own words.</summary>
public class ForwardAuthTests(SharedHost shared)
{
    private readonly TestHost _host = shared.Host;

    public static TheoryData<string, int, int> Families { get; } = new()
    {
        { "forward", 200, 429 },
        { "nginx", 204, 403 },
        { "envoy", 200, 429 },
    };

    [Theory]
    [InlineData("forward", 200)]
    [InlineData("nginx", 204)]
    [InlineData("envoy", 200)]
    public async Task Call_AnyMethod_IsAdmittedByStatusAndHeadersAlone(string family, int admitted)
    {
        var (tenant, key) = await _host.NewLimitAsync(10);
        foreach (var method in new[] { "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND", "X-ANY" })
        {
            var answer = await _host.AskAsync(family, tenant, key, Alice, method: method);

            Assert.Equal((admitted, ""), (answer.Status, answer.Text));
            Assert.Equal("\"p\";q=10;w=60", answer.Headers["RateLimit-Policy"]);
            Assert.StartsWith("\"p\";r=", answer.Headers["RateLimit"], StringComparison.Ordinal);
            Assert.Equal("no-store", answer.Headers["Cache-Control"]);
            Assert.DoesNotContain("X-RateLimit-Status", answer.Headers.Keys);
        }
    }

    [Fact]
    public async Task Call_WithABody_IsAnsweredWithoutReadingIt()
    {
        var (tenant, key) = await _host.NewLimitAsync(10);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _host.Client.BaseAddress!.Port);
        await using var stream = client.GetStream();

        // The body that is promised never comes.
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /authz/forward/{tenant}/p HTTP/1.1\r\nHost: localhost\r\nX-Gatehouse-Key: {key}\r\n" +
            $"X-Forwarded-For: {Alice}\r\nContent-Length: 70000\r\n\r\n"));
        using var reader = new StreamReader(stream);
        var answer = await reader.ReadToEndAsync();

        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: close\r\n", answer, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public async Task Call_OverTheLimit_IsRefusedInTheFamilysWords(string family, int admitted, int refused)
    {
        var (tenant, key) = await _host.NewLimitAsync(1);
        Assert.Equal(admitted, (await _host.AskAsync(family, tenant, key, Alice)).Status);

        var answer = await _host.AskAsync(family, tenant, key, Alice);

        Assert.Equal((refused, "rate_limited"), (answer.Status, answer.Code));
        Assert.Equal(refused, answer.Json.GetProperty("status").GetInt32());
        Assert.InRange(int.Parse(answer.Headers["Retry-After"], CultureInfo.InvariantCulture), 58, 63);
        Assert.Equal("\"p\";q=1;w=60", answer.Headers["RateLimit-Policy"]);
        Assert.StartsWith("\"p\";r=0;t=", answer.Headers["RateLimit"], StringComparison.Ordinal);
        Assert.Equal(refused == 403 ? "429" : null, answer.Headers.GetValueOrDefault("X-RateLimit-Status"));
        Assert.Equal(admitted, (await _host.AskAsync(family, tenant, key, "198.51.100.1")).Status);
    }

    [Fact]
    public async Task Call_AndCheck_ShareTheCounter()
    {
        var (tenant, key) = await _host.NewLimitAsync(10);
        foreach (var family in new[] { "forward", "nginx", "envoy" })
        {
            await _host.AskAsync(family, tenant, key, Alice);
        }

        var peek = await _host.CheckAsync(tenant, key, $$"""{"ip":"{{Alice}}","cost":0}""", "p");

        Assert.Equal(7, peek.Json.GetProperty("remaining").GetInt32());
    }

    [Theory]
    [InlineData("forward")]
    [InlineData("nginx")]
    public async Task Cost_OfTheQuery_IsTaken(string family)
    {
        var (tenant, key) = await _host.NewLimitAsync(10);

        var answer = await _host.AskAsync(family, tenant, key, Alice, query: "cost=4");

        Assert.StartsWith("\"p\";r=6;", answer.Headers["RateLimit"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1000000001")]
    [InlineData("one")]
    [InlineData("1&cost=2")]
    public async Task Cost_ThatIsNone_Is400AndNothingIsCounted(string cost)
    {
        var (tenant, key) = await _host.NewLimitAsync(10);

        var answer = await _host.AskAsync("forward", tenant, key, Alice, query: $"cost={cost}");

        Assert.Equal((400, "invalid_request", "cost"), (answer.Status, answer.Code, answer.Fault.Field));
        var next = await _host.AskAsync("forward", tenant, key, Alice);
        Assert.StartsWith("\"p\";r=9;", next.Headers["RateLimit"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cost_AboveTheLimit_IsRefusedWithoutRetryAfter()
    {
        var (tenant, key) = await _host.NewLimitAsync(10);

        var answer = await _host.AskAsync("nginx", tenant, key, Alice, query: "cost=11");

        Assert.Equal((403, "cost_exceeds_limit", "429"), (answer.Status, answer.Code, answer.Headers["X-RateLimit-Status"]));
        Assert.DoesNotContain("Retry-After", answer.Headers.Keys);
    }

    [Theory]
    [InlineData("forward", 200)]
    [InlineData("nginx", 204)]
    public async Task Credential_OneGoodIsEnough_WhateverTheClientWroteInTheOtherPlace(string family, int admitted)
    {
        var (tenant, key) = await _host.NewLimitAsync(10);
        var (_, foreign) = await _host.NewLimitAsync(10);

        foreach (var theirs in new[] { "nonsense", foreign, "" })
        {
            var inQuery = await _host.AskAsync(family, tenant, theirs, Alice, $"key={key}");
            Assert.Equal((admitted, theirs), (inQuery.Status, theirs));
        }

        var inHeader = await _host.AskAsync(family, tenant, key, Alice, "key=nonsense", headers: ("Authorization", "Bearer x"));
        Assert.Equal(admitted, inHeader.Status);
    }

    [Fact]
    public async Task Faults_KeepTheirStatusForEveryFamily()
    {
        var (tenant, key) = await _host.NewLimitAsync(10);
        var (other, _) = await _host.NewLimitAsync(10);
        var reader = await _host.NewKeyAsync(tenant, "\"ratelimit:read\"");
        foreach (var family in new[] { "forward", "nginx", "envoy" })
        {
            await ExpectAsync(401, "unauthenticated", tenant, "nonsense");
            await ExpectAsync(403, "wrong_tenant", other, key);
            await ExpectAsync(403, "missing_scope", tenant, reader);
            await ExpectAsync(404, "policy_not_found", tenant, key, "no-such-policy");
            await ExpectAsync(404, "tenant_not_found", "no-such-tenant", TestHost.AdminKey);

            async Task ExpectAsync(int status, string code, string of, string with, string policy = "p")
            {
                var answer = await _host.AskAsync(family, of, with, Alice, policy: policy);
                Assert.Equal((status, code, family), (answer.Status, answer.Code, family));
                Assert.DoesNotContain("X-RateLimit-Status", answer.Headers.Keys);
            }
        }
    }

    [Fact]
    public async Task Credential_Revoked_IsNotToldToTheProxysClients()
    {
        var (tenant, key) = await _host.NewLimitAsync(10);
        var id = key["gh_".Length..key.LastIndexOf('_')];
        await _host.SendAsync(HttpMethod.Delete, $"/v1/tenants/{tenant}/api-keys/{id}", TestHost.AdminKey);

        var answer = await _host.AskAsync("forward", tenant, key, Alice);

        Assert.Equal(401, answer.Status);
        Assert.Contains("X-Gatehouse-Key", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("revoked", answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public async Task Overload_OfStoreOrDoor_IsARefusalInTheFamilysWords(string family, int admitted, int refused)
    {
        await using var host = await TestHost.StartAsync(
            new() { ["Gatehouse:Http:TenantRequestsPerSecond"] = "1" },
            builder => builder.Services.AddSingleton<IOutgoingGrainCallFilter>(new FailingChecks()));
        var (tenant, key) = await host.NewLimitAsync(10);

        var overloaded = await host.AskAsync(family, tenant, key, Alice);
        Answer closed;
        do
        {
            closed = await host.AskAsync(family, tenant, key, Alice);
            Assert.NotEqual(admitted, closed.Status);
        }
        while (closed.Code != "door_limited");

        Assert.Equal((refused, "service_overloaded", "5"), (
            overloaded.Status, overloaded.Code, overloaded.Headers["Retry-After"]));
        Assert.Equal((refused, "1"), (closed.Status, closed.Headers["Retry-After"]));
        Assert.All([overloaded, closed], answer =>
            Assert.Equal(refused == 403 ? "429" : null, answer.Headers.GetValueOrDefault("X-RateLimit-Status")));
    }

    /// <summary>A cluster in which nobody answers checks.</summary>
    private sealed class FailingChecks : IOutgoingGrainCallFilter
    {
        public Task Invoke(IOutgoingGrainCallContext context) => context.MethodName == "CheckAsync"
            ? throw new ServiceOverloadedException("store_unavailable", Applied.No)
            : context.Invoke();
    }
}
