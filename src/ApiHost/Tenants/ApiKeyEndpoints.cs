using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.OpenApi;
using Gatehouse.ApiHost.Overload;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.ApiHost.Tenants;

/// <summary>A tenant's API keys: admin only.</summary>
internal static class ApiKeyEndpoints
{
    public static void MapApiKeys(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/tenants/{tenant}/api-keys").WithTags("API keys").RequireAdmin().TakesTurns();
        group.MapPost("/", IssueAsync).WithName("IssueApiKey").TakesIdempotencyKeyOnce(keepsBody: false)
            .Produces<IssuedApiKeyResponse>(201).ProducesProblems(400, 404, 409, 413, 415, 422);
        group.MapGet("/", ListAsync).WithName("ListApiKeys")
            .Produces<ListResponse<ApiKeyResponse>>().ProducesProblems(400, 404);
        group.MapDelete("/{id}", RevokeAsync).WithName("RevokeApiKey").TakesIdempotencyKey()
            .Produces(204).ProducesProblems(400, 404, 409, 422);
    }

    /// <summary>Issue an API key</summary>
    /// <remarks>The key is shown this once; only its hash is kept.</remarks>
    internal static async Task<IResult> IssueAsync(
        string tenant, ApiKeyRequest body, TenantDirectory tenants, IGrainFactory grains)
    {
        if (!TenantNames.IsTenant(tenant))
        {
            return Problems.TenantNotFound();
        }

        var (id, token) = ApiKeyToken.Create(tenant);
        var scopes = body.Scopes.Distinct().ToArray();
        var change = await grains.Tenant(tenant).AddApiKeyAsync(new ApiKeyRecord
        {
            Id = id,
            SecretHash = ApiKeyToken.Hash(token),
            Scopes = scopes,
            ExpiresAt = body.ExpiresAt,
        });
        return tenants.Conclude(change, Problems.TenantNotFound) as IResult ?? TypedResults.Created(
            (string?)null,
            new IssuedApiKeyResponse { Id = id, Key = token, Scopes = scopes, ExpiresAt = body.ExpiresAt });
    }

    /// <summary>List API keys</summary>
    /// <remarks>Revoked and expired ones too; never a secret.</remarks>
    internal static async Task<IResult> ListAsync(string tenant, int? limit, string? cursor, TenantDirectory tenants)
    {
        var document = await tenants.FindAsync(tenant);
        if (document is null)
        {
            return Problems.TenantNotFound();
        }

        var page = Pages.Cut(document.ApiKeys.Values, key => key.Id, limit, cursor, out var fault);
        return page is null
            ? Problems.Invalid([fault!])
            : TypedResults.Ok(
                new ListResponse<ApiKeyResponse>(page.Items.Select(ApiKeyResponse.From).ToList(), page.Next));
    }

    /// <summary>Revoke an API key</summary>
    /// <remarks>It is refused at once here and within a second elsewhere, 5 at most. Safe to repeat.</remarks>
    internal static async Task<IResult> RevokeAsync(
        string tenant, string id, TenantDirectory tenants, IGrainFactory grains)
    {
        if (!TenantNames.IsTenant(tenant))
        {
            return Problems.TenantNotFound();
        }

        var change = await grains.Tenant(tenant).RevokeApiKeyAsync(id);
        return tenants.Conclude(change, Problems.ApiKeyNotFound) as IResult ?? TypedResults.NoContent();
    }
}
