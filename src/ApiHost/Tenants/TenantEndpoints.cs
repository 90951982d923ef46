using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.OpenApi;
using Gatehouse.ApiHost.Overload;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.ApiHost.Tenants;

/// <summary>Tenants: admin only.</summary>
internal static class TenantEndpoints
{
    public static void MapTenants(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/tenants/{tenant}").WithTags("Tenants").RequireAdmin().TakesTurns();
        group.MapPut("/", PutAsync).WithName("PutTenant").TakesIdempotencyKey()
            .Produces<TenantResponse>().Produces<TenantResponse>(201)
            .ProducesProblems(400, 409, 412, 413, 415, 422);
        group.MapGet("/", GetAsync).WithName("GetTenant").Produces<TenantResponse>().ProducesProblems(404);
        group.MapDelete("/", DisableAsync).WithName("DisableTenant").TakesIdempotencyKey()
            .Produces(204).ProducesProblems(400, 404, 409, 412, 422);
    }

    /// <summary>Create a tenant, or enable it again</summary>
    /// <remarks>
    /// The new tenant has the policy <c>default</c>: 100 per minute. Safe to repeat. Honours <c>If-Match</c> and
    /// <c>If-None-Match: *</c>.
    /// </remarks>
    internal static async Task<IResult> PutAsync(
        string tenant, TenantRequest body, TenantDirectory tenants, IGrainFactory grains, HttpContext context)
    {
        _ = body;
        if (!TenantNames.IsTenant(tenant))
        {
            return Problems.Invalid("tenant", TenantNames.TenantRule);
        }

        var change = await grains.Tenant(tenant).PutAsync(ETags.Precondition(context.Request));
        if (tenants.Conclude(change, Problems.TenantNotFound) is { } problem)
        {
            return problem;
        }

        ETags.Write(context.Response, change.Snapshot!.ETag);
        var answer = TenantResponse.From(change.Snapshot);
        return change.Outcome is TenantChangeOutcome.Created
            ? TypedResults.Created((string?)null, answer)
            : TypedResults.Ok(answer);
    }

    /// <summary>Read a tenant</summary>
    internal static async Task<IResult> GetAsync(string tenant, TenantDirectory tenants, HttpResponse response)
    {
        var document = await tenants.FindAsync(tenant);
        if (document is null)
        {
            return Problems.TenantNotFound();
        }

        ETags.Write(response, document.ETag);
        return TypedResults.Ok(TenantResponse.From(document));
    }

    /// <summary>Disable a tenant</summary>
    /// <remarks>
    /// Its keys are refused at once here and within a second elsewhere, 5 at most. Its data stays; PUT enables it.
    /// </remarks>
    internal static async Task<IResult> DisableAsync(
        string tenant, TenantDirectory tenants, IGrainFactory grains, HttpRequest request)
    {
        if (!TenantNames.IsTenant(tenant))
        {
            return Problems.TenantNotFound();
        }

        var change = await grains.Tenant(tenant).DisableAsync(ETags.Precondition(request));
        return tenants.Conclude(change, Problems.TenantNotFound) as IResult ?? TypedResults.NoContent();
    }
}
