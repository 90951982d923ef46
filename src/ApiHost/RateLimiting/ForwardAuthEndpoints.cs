using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.OpenApi;
using Gatehouse.ApiHost.Overload;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.ApiHost.RateLimiting;

/// <summary>Checks for proxies, which understand a status and headers: one spelling per family of proxies.</summary>
internal static class ForwardAuthEndpoints
{
    public static void MapForwardAuth(this IEndpointRouteBuilder routes)
    {
        const CredentialPlaces Places = CredentialPlaces.KeyHeader | CredentialPlaces.KeyQuery;
        var group = routes.MapGroup("/authz").WithTags("Forward-auth").Does(RouteClass.Check);
        group.Map("/forward/{tenant}/{policy}", "ForwardAuth", ForwardAsync, refused: 429)
            .RequireScope(Scopes.RateLimitCheck, Places);
        group.Map("/nginx/{tenant}/{policy}", "ForwardAuthNginx", NginxAsync, refused: 403)
            .RequireScope(Scopes.RateLimitCheck, Places).WithMetadata(new NginxRoute());
        // What Envoy appends is cut off before routing (ForwardAuthTarget): a path that was not has no route here.
        group.Map("/envoy/{tenant}/{policy}", "ForwardAuthEnvoy", EnvoyAsync, refused: 429)
            .RequireScope(Scopes.RateLimitCheck, CredentialPlaces.KeyHeader);
    }

    /// <summary>Decide for Traefik's ForwardAuth or Caddy's forward_auth</summary>
    /// <remarks>
    /// Counts one call of the client that <c>X-Forwarded-For</c> states and answers 200 without a body, or 429. Takes
    /// every method and reads no body. The proxy authenticates; the client's <c>Authorization</c> is not looked at.
    /// </remarks>
    /// <param name="call">The question.</param>
    /// <param name="cost">Units the call takes. Default 1; 1 to 1,000,000,000.</param>
    internal static Task<IResult> ForwardAsync([AsParameters] ProxyCall call, long? cost) =>
        DecideAsync(call, cost, StatusCodes.Status200OK);

    /// <summary>Decide for nginx' auth_request</summary>
    /// <remarks>
    /// As <c>/authz/forward</c>, in words that nginx passes on: 204, or 403 with <c>X-RateLimit-Status: 429</c>. A 403
    /// without that header is about the proxy's key.
    /// </remarks>
    /// <param name="call">The question.</param>
    /// <param name="cost">Units the call takes. Default 1; 1 to 1,000,000,000.</param>
    internal static Task<IResult> NginxAsync([AsParameters] ProxyCall call, long? cost) =>
        DecideAsync(call, cost, StatusCodes.Status204NoContent);

    /// <summary>Decide for Envoy's ext_authz over HTTP</summary>
    /// <remarks>
    /// As <c>/authz/forward</c>, each call with cost 1. <c>path_prefix</c> ends with the policy; the client's path and
    /// query, which Envoy appends, are cut off unread, and so the key stands in the header only.
    /// </remarks>
    internal static Task<IResult> EnvoyAsync([AsParameters] ProxyCall call) =>
        DecideAsync(call, cost: null, StatusCodes.Status200OK);

    private static async Task<IResult> DecideAsync(ProxyCall call, long? cost, int admitted)
    {
        if (call.Clients.Stated(call.Context.Request) is not { } client)
        {
            call.Metrics.Refused("no_client_address");
            return Problems.Invalid(ClientAddressResolver.Header, "must end with the client's IPv4 or IPv6 address");
        }

        // No peek here: where a proxy lets the client's query through, cost=0 would be a way past the limit.
        var check = new CheckRequest { Ip = client.ToString(), Cost = cost ?? 1 };
        if (SubjectReader.CostFault(check.Cost, min: 1) is { } fault)
        {
            return Problems.Invalid([fault]);
        }

        var result = await RateLimitEndpoints.CheckAsync(call.Tenant, call.Policy, check, call.Tenants, call.Checks);
        return result switch
        {
            CheckResult decided => decided.ForProxy(admitted),
            // Its bytes say 429, which a proxy may need in other words.
            DenialResult remembered => remembered.Decided,
            _ => result,
        };
    }

    /// <summary>One route for every method; the document shows it as GET, which is what most proxies send.</summary>
    private static RouteGroupBuilder Map(
        this RouteGroupBuilder group, string pattern, string name, Delegate handler, int refused)
    {
        var route = group.MapGroup(pattern);
        route.MapGet("", handler).WithName(name)
            .Produces(refused == 403 ? 204 : 200).Produces<CheckProblem>(refused, "application/problem+json")
            .ProducesProblems(400, 404);
        route.Map("", handler).ExcludeFromDescription();
        return route;
    }
}

/// <summary>A proxy's question, and what it takes to answer.</summary>
internal readonly record struct ProxyCall(
    string Tenant,
    string Policy,
    HttpContext Context,
    TenantDirectory Tenants,
    RateLimitChecks Checks,
    ClientAddressResolver Clients,
    HttpMetrics Metrics);
