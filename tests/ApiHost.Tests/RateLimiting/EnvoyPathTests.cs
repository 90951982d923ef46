using System.Net;
using Gatehouse.ApiHost.Tests.Fixtures;

namespace Gatehouse.ApiHost.Tests.RateLimiting;

/// <summary>Envoy appends the client's path and query to its own: nothing in them chooses another answer.</summary>
public class EnvoyPathTests(SharedHost shared)
{
    private readonly TestHost _host = shared.Host;

    public static TheoryData<string> ClientTargets { get; } =
    [
        "", "/", "//", "/orders/7", "/a/./b", "/../lax", "/../lax/x", "/x/../../lax", "/%2e%2e/lax", "/%2E%2E/lax",
        "/.%2e/lax", "/..%2flax", "/..%2Flax/x", "/..;/lax", "/..\\lax", "/../../../../metrics", "/../../../../health/live",
        "/%2e%2e/%2e%2e/%2e%2e/%2e%2e/openapi/v1.json", "/../../../forward/t/lax", "?cost=0", "/?cost=0&key=x",
        "?/../lax", "/x?y=/../../lax", "/caf%C3%A9", "/a%3Fcost=0", "/a#b",
    ];

    [Theory]
    [MemberData(nameof(ClientTargets))]
    public async Task Target_OfTheClient_ChangesNothing(string target)
    {
        var tenant = await _host.NewTenantAsync();
        await _host.PutPolicyAsync(tenant, """{"limit":1,"window":"01:00:00"}""");
        await _host.PutPolicyAsync(tenant, """{"limit":1000000,"window":"01:00:00"}""", "lax");
        var key = await _host.NewKeyAsync(tenant);
        Assert.Equal(HttpStatusCode.OK, await AskAsync(tenant, key, "/orders"));

        Assert.Equal(HttpStatusCode.TooManyRequests, await AskAsync(tenant, key, target));
    }

    [Fact]
    public async Task Target_ThatNoHostTakes_IsNotAdmitted()
    {
        var tenant = await _host.NewTenantAsync();

        Assert.Equal(HttpStatusCode.BadRequest, await AskAsync(tenant, await _host.NewKeyAsync(tenant), "/%00"));
    }

    [Theory]
    [InlineData("/authz/envoy")]
    [InlineData("/authz/envoy/")]
    [InlineData("/authz/envoy/acme")]
    [InlineData("/authz/envoy/acme/")]
    [InlineData("/authz/envoy/acme?x=/p")]
    public async Task Prefix_WithoutAPolicy_Is404(string path)
    {
        var answer = await _host.SendAsync(HttpMethod.Get, path, TestHost.AdminKey);

        Assert.Equal((404, "route_not_found"), (answer.Status, answer.Code));
    }

    private async Task<HttpStatusCode> AskAsync(string tenant, string key, string target)
    {
        // As it is: this client would tidy it up otherwise, as Envoy does only when it is told to.
        var asItIs = new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true };
        var uri = new Uri($"{_host.Client.BaseAddress}authz/envoy/{tenant}/p{target}", asItIs);
        using var request = new HttpRequestMessage(HttpMethod.Get, uri);
        request.Headers.Add("X-Gatehouse-Key", key);
        request.Headers.Add("X-Forwarded-For", "203.0.113.7");
        using var answer = await _host.Client.SendAsync(request);
        return answer.StatusCode;
    }
}
