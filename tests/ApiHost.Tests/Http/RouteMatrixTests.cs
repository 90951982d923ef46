using System.Text;
using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.Tests.Fixtures;
using Gatehouse.Grains.Abstractions.Tenants;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.ApiHost.Tests.Http;

/// <summary>Every mapped route, with every kind of credential in every place that the route takes it from.</summary>
public class RouteMatrixTests(SharedHost shared)
{
    private static readonly string[] PublicRoutes =
    [
        "/health/live", "/health/ready", "/health/startup", "/metrics", "/openapi/{documentName}.json",
        "/v1/tenants/{tenant}/audit/checkpoint", "/v1/tenants/{tenant}/audit/tile/{level}/{**index}",
        "/v1/tenants/{tenant}/keys/jwks.json",
    ];

    private readonly TestHost _host = shared.Host;

    [Fact]
    public void PublicRoutes_AreTheOnesTheDesignNames()
    {
        var open = Routes().Where(r => IsOpen(r.Access)).Select(r => r.Pattern)
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
                var answer = await SendAsync(route, "acme", bad);

                Assert.Equal((401, "unauthenticated", route), (answer.Status, answer.Code, route));
                var scheme = route.Place is CredentialPlaces.Authorization ? "Bearer " : "GatehouseKey ";
                Assert.StartsWith(scheme, answer.Headers["WWW-Authenticate"], StringComparison.Ordinal);
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
                var answer = await SendAsync(route, tenant, mine);

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

            var answer = await SendAsync(route, tenant, key);

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
            var answer = await SendAsync(route, tenant, key);

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

            var answer = await SendAsync(route, tenant, right);

            Assert.True(answer.Status is not (401 or 403) and < 500, $"{route}: {answer.Status} {answer.Text}");
        }
    }

    [Fact]
    public async Task Route_WithTheRightCredentialInAnotherPlace_Is401()
    {
        foreach (var route in Closed())
        {
            foreach (var place in Enum.GetValues<CredentialPlaces>().Where(place => !route.Access.Places.HasFlag(place)))
            {
                var answer = await SendAsync(route with { Place = place }, "acme", TestHost.AdminKey);

                Assert.Equal((401, "unauthenticated", route), (answer.Status, answer.Code, route));
            }
        }
    }

    private static string ForeignKey(string tenant) => ApiKeyToken.CreateFor($"{tenant}.x");

    private List<Route> Closed()
    {
        var closed = Routes().Where(route => !IsOpen(route.Access)).ToList();
        Assert.True(closed.Count >= 51);
        return closed;
    }

    private static bool IsOpen(Access access) => access.Kind is AccessKind.Public or AccessKind.Anonymous;

    private Task<Answer> SendAsync(Route route, string tenant, string? key)
    {
        var path = route.For(tenant);
        // A proxy states a client; other routes do not look at it.
        List<(string, string)> headers = [("X-Forwarded-For", "203.0.113.7")];
        if (route.Place is CredentialPlaces.KeyHeader && key is not null)
        {
            headers.Add(("X-Gatehouse-Key", key));
        }

        if (route.Place is CredentialPlaces.Password && key is not null)
        {
            headers.Add(("Authorization", $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"admin:{key}"))}"));
        }

        if (route.Place is CredentialPlaces.KeyQuery && key is not null)
        {
            path += $"?key={key}";
        }

        var content = route.Body is null ? null : new StringContent(route.Body, Encoding.UTF8, "application/json");
        var bearer = route.Place is CredentialPlaces.Authorization ? key : null;
        return _host.SendAsync(route.Method, path, bearer, content, [.. headers]);
    }

    private IEnumerable<Route> Routes() =>
        from endpoint in _host.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        // A route for every method is asked with one that no other route of its path takes.
        let methods = endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["PROPFIND"]
        from method in methods
        let access = endpoint.Metadata.GetMetadata<Access>()!
        from place in Enum.GetValues<CredentialPlaces>()
        where access.Places.HasFlag(place)
        select new Route(
            new HttpMethod(method), $"/{endpoint.RoutePattern.RawText!.Trim('/')}", access, place);

    private sealed record Route(HttpMethod Method, string Pattern, Access Access, CredentialPlaces Place)
    {
        public string? Body => Method == HttpMethod.Post || Method == HttpMethod.Put ? "{}" : null;

        public string For(string tenant) => Pattern.Replace("{tenant}", tenant).Replace("{policy}", "default")
            .Replace("{id}", $"{tenant}.k").Replace("{region}", "local").Replace("{version}", "v1")
            .Replace("{seq:long}", "0").Replace("{**index}", "000")
            // A stream has no end: whoever is let in is told that this is no place to start at.
            .Replace("/audit/tail", "/audit/tail?from=-1");
    }
}
