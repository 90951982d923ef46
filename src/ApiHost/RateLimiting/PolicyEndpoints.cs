using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.OpenApi;
using Gatehouse.ApiHost.Overload;
using Gatehouse.ApiHost.Tenants;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.ApiHost.RateLimiting;

/// <summary>A tenant's policies.</summary>
internal static class PolicyEndpoints
{
    public static void MapPolicies(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/tenants/{tenant}/rate-limits").WithTags("Policies").TakesTurns();
        group.MapGet("/", ListAsync).WithName("ListPolicies").RequireScope(Scopes.RateLimitRead)
            .Produces<ListResponse<PolicyDocument>>().ProducesProblems(400, 404);
        group.MapGet("/{policy}", GetAsync).WithName("GetPolicy").RequireScope(Scopes.RateLimitRead)
            .Produces<PolicyDocument>().ProducesProblems(404);
        group.MapPut("/{policy}", PutAsync).WithName("PutPolicy").RequireScope(Scopes.RateLimitWrite)
            .TakesIdempotencyKey().Produces<PolicyDocument>().Produces<PolicyDocument>(201)
            .ProducesProblems(400, 404, 409, 412, 413, 415, 422);
        group.MapDelete("/{policy}", DeleteAsync).WithName("DeletePolicy").RequireScope(Scopes.RateLimitWrite)
            .TakesIdempotencyKey().Produces(204).ProducesProblems(400, 404, 409, 412, 422);
    }

    /// <summary>List the tenant's policies</summary>
    /// <remarks>In the order of their names; <c>default</c> is always among them.</remarks>
    internal static async Task<IResult> ListAsync(string tenant, int? limit, string? cursor, TenantDirectory tenants)
    {
        var document = await tenants.FindAsync(tenant);
        if (document.Unusable() is { } unusable)
        {
            return unusable;
        }

        var page = Pages.Cut(document!.Policies, entry => entry.Key, limit, cursor, out var fault);
        return page is null
            ? Problems.Invalid([fault!])
            : TypedResults.Ok(new ListResponse<PolicyDocument>(
                page.Items.Select(entry => new PolicyDocument(entry.Key, entry.Value)).ToList(), page.Next));
    }

    /// <summary>Read one policy</summary>
    internal static async Task<IResult> GetAsync(
        string tenant, string policy, TenantDirectory tenants, HttpResponse response)
    {
        var document = await tenants.FindAsync(tenant);
        return document.Unusable() as IResult ?? (document!.Policies.TryGetValue(policy, out var entry)
            ? Found(policy, entry, response, created: false)
            : Problems.PolicyNotFound());
    }

    /// <summary>Create or replace a policy</summary>
    /// <remarks>
    /// Takes effect at once in this process and within a second elsewhere. Counters stay as they are: a change is never
    /// a fresh budget. Honours <c>If-Match</c> and <c>If-None-Match: *</c>.
    /// </remarks>
    internal static async Task<IResult> PutAsync(string tenant, string policy, PolicyDocument body,
        TenantDirectory tenants, IGrainFactory grains, HttpContext context)
    {
        if (body.Name is { } name && name != policy)
        {
            return Problems.Invalid("name", "must be the name in the path, or left out");
        }

        var precondition = ETags.Precondition(context.Request);
        var change = await grains.Tenant(tenant).PutPolicyAsync(policy, Plain(body), precondition);
        return tenants.Conclude(change, Problems.PolicyNotFound) as IResult ?? Found(
            policy, change.Snapshot!.Policies[policy], context.Response, change.Outcome is TenantChangeOutcome.Created);
    }

    /// <summary>Delete a policy</summary>
    /// <remarks>Deleting <c>default</c> returns it to 100 per minute. Honours <c>If-Match</c>.</remarks>
    internal static async Task<IResult> DeleteAsync(
        string tenant, string policy, TenantDirectory tenants, IGrainFactory grains, HttpRequest request)
    {
        var change = await grains.Tenant(tenant).DeletePolicyAsync(policy, ETags.Precondition(request));
        return tenants.Conclude(change, Problems.PolicyNotFound) as IResult ?? TypedResults.NoContent();
    }

    private static IResult Found(string name, PolicyEntry entry, HttpResponse response, bool created)
    {
        ETags.Write(response, entry.ETag);
        return created
            ? TypedResults.Created((string?)null, new PolicyDocument(name, entry))
            : TypedResults.Ok(new PolicyDocument(name, entry));
    }

    /// <summary>
    /// Without the members that only the document has: what is sent to a grain is the contract's own type.
    /// </summary>
    private static RateLimitPolicy Plain(PolicyDocument body) => new()
    {
        Limit = body.Limit,
        Window = body.Window,
        Algorithm = body.Algorithm,
        ColdStart = body.ColdStart,
        Global = body.Global,
        OnStoreFailure = body.OnStoreFailure,
        Mode = body.Mode,
        Ipv6Prefix = body.Ipv6Prefix,
        Allow = body.Allow.ToArray(),
        Deny = body.Deny.ToArray(),
        Overrides = body.Overrides.ToArray(),
    };
}
