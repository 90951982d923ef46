using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.Tests.Fixtures;
using Gatehouse.Grains.Abstractions.Tenants;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.ApiHost.Tests.Http;

/// <summary>Every mapped route, with every kind of credential.</summary>
public class RouteMatrixTests(SharedHost shared)
{
    private static readonly string[] PublicRoutes =
    [
        "/health/live", "/health/ready", "/health/startup", "/metrics", "/openapi/{documentName}.json",
    ];

    private readonly TestHost _host = shared.Host;

    [Fact]
    public void PublicRoutes_AreTheOnesTheDesignNames()
    {
        var open = Routes().Where(r => r.Access.Kind is AccessKind.Public).Select(r => r.Pattern)
            .Where(pattern => !pattern.StartsWith("/scalar", StringComparison.Ordinal)).Distinct();

        Assert.Equal(PublicRoutes.Order(), open.Order());
    }

    [Fact]
    public async Task Route_WithoutOrWithABadCredential_Is401()
    {
        var key = await _host.NewKeyAsync(await _host.NewTenantAsync());
        // The key's first random digit is another one, and the check digits do not know.
        var tampered = key.Replace(key[^10], key[^10] == 'A' ? 'B' : 'A');
        foreach (var route in Closed())
        {
            foreach (var bad in new[] { null, "nonsense", tampered, ForeignKey("nobody"), new string('a', 43) })
            {
                var answer = await _host.SendAsync(route.Method, route.For("acme"), bad, route.Body);

                Assert.Equal((401, "unauthenticated", route), (answer.Status, answer.Code, route));
                Assert.StartsWith("Bearer", answer.Headers["WWW-Authenticate"], StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task TenantRoute_WithAnotherTenantsKey_Is403WhetherThatTenantExistsOrNot()
    {
        var mine = await _host.NewKeyAsync(await _host.NewTenantAsync());
        var other = await _host.NewTenantAsync();
        foreach (var route in Closed().Where(r => r.Access.Kind is AccessKind.Tenant))
        {
            foreach (var tenant in new[] { other, "no-such-tenant" })
            {
                var answer = await _host.SendAsync(route.Method, route.For(tenant), mine, route.Body);

                Assert.Equal((403, "wrong_tenant", route), (answer.Status, answer.Code, route));
            }
        }
    }

    [Fact]
    public async Task TenantRoute_WithoutTheScope_Is403()
    {
        var tenant = await _host.NewTenantAsync();
        foreach (var route in Closed().Where(r => r.Access.Kind is AccessKind.Tenant))
        {
            var others = Scopes.All.Where(scope => !Scopes.Allow([scope], route.Access.Scope!));
            var key = await _host.NewKeyAsync(tenant, string.Join(',', others.Select(scope => $"\"{scope}\"")));

            var answer = await _host.SendAsync(route.Method, route.For(tenant), key, route.Body);

            Assert.Equal((403, "missing_scope", route), (answer.Status, answer.Code, route));
        }
    }

    [Fact]
    public async Task AdminRoute_WithATenantsKey_Is403()
    {
        var tenant = await _host.NewTenantAsync();
        var key = await _host.NewKeyAsync(tenant, string.Join(',', Scopes.All.Select(scope => $"\"{scope}\"")));
        foreach (var route in Closed().Where(r => r.Access.Kind is AccessKind.Admin))
        {
            var answer = await _host.SendAsync(route.Method, route.For(tenant), key, route.Body);

            Assert.Equal((403, "admin_only", route), (answer.Status, answer.Code, route));
        }
    }

    [Fact]
    public async Task Route_WithTheRightCredential_IsLetIn()
    {
        foreach (var route in Closed())
        {
            var tenant = await _host.NewTenantAsync();
            var right = route.Access.Kind switch
            {
                AccessKind.Tenant => await _host.NewKeyAsync(tenant, $"\"{route.Access.Scope}\""),
                AccessKind.AnyCredential => await _host.NewKeyAsync(tenant, "\"audit:read\""),
                _ => TestHost.AdminKey,
            };

            var answer = await _host.SendAsync(route.Method, route.For(tenant), right, route.Body);

            Assert.True(answer.Status is not (401 or 403) and < 500, $"{route}: {answer.Status} {answer.Text}");
        }
    }

    private static string ForeignKey(string tenant) => ApiKeyToken.CreateFor($"{tenant}.x");

    private List<Route> Closed()
    {
        var closed = Routes().Where(route => route.Access.Kind is not AccessKind.Public).ToList();
        Assert.True(closed.Count >= 14);
        return closed;
    }

    private IEnumerable<Route> Routes() =>
        from endpoint in _host.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        let methods = endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"]
        from method in methods
        select new Route(
            new HttpMethod(method), $"/{endpoint.RoutePattern.RawText!.Trim('/')}",
            endpoint.Metadata.GetMetadata<Access>()!);

    private sealed record Route(HttpMethod Method, string Pattern, Access Access)
    {
        public string? Body => Method == HttpMethod.Post || Method == HttpMethod.Put ? "{}" : null;

        public string For(string tenant) => Pattern.Replace("{tenant}", tenant).Replace("{policy}", "default")
            .Replace("{id}", $"{tenant}.k").Replace("{region}", "local");
    }
}
