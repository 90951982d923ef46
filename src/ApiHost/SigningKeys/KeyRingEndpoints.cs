using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.OpenApi;
using Gatehouse.ApiHost.Overload;
using Gatehouse.ApiHost.Tenants;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.Abstractions.Tenants;
using Gatehouse.Silo;

namespace Gatehouse.ApiHost.SigningKeys;

/// <summary>A tenant's ring: list, rotate, promote, revoke, destroy; and re-wrapping all of them.</summary>
internal static class KeyRingEndpoints
{
    public static void MapKeyRings(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/tenants/{tenant}/keys").WithTags("Signing keys").TakesTurns();
        group.MapGet("/", ListAsync).WithName("ListKeys").RequireScope(Scopes.KeysRead)
            .Produces<ListResponse<KeyResponse>>().ProducesProblems(400, 404);
        group.MapPost("/rotate", RotateAsync).WithName("RotateKey").RequireScope(Scopes.KeysWrite).Waits()
            .TakesIdempotencyKeyOnce()
            .Produces<KeyResponse>().ProducesProblems(400, 404, 409, 412, 413, 415, 422);
        group.MapPost("/{version}/promote", PromoteAsync).WithName("PromoteKey").RequireScope(Scopes.KeysWrite)
            .TakesIdempotencyKey()
            .Produces<KeyResponse>().ProducesProblems(400, 404, 409, 412, 413, 415, 422);
        group.MapPost("/{version}/revoke", RevokeAsync).WithName("RevokeKey").RequireScope(Scopes.KeysWrite).Waits()
            .TakesIdempotencyKey()
            .Produces<KeyResponse>().ProducesProblems(400, 404, 409, 412, 413, 415, 422);
        group.MapPost("/{version}/destroy", DestroyAsync).WithName("DestroyKey").RequireScope(Scopes.KeysWrite)
            .TakesIdempotencyKey()
            .Produces<KeyResponse>().ProducesProblems(400, 404, 409, 412, 413, 415, 422);
        var all = routes.MapGroup("/v1/keys").WithTags("Signing keys").RequireAdmin().TakesTurns();
        all.MapPost("/rewrap", RewrapAsync).WithName("RewrapKeys").Waits()
            .Produces<RewrapResponse>().ProducesProblems(400, 413, 415);
    }

    /// <summary>List the versions of a tenant's key</summary>
    /// <remarks>All that ever were, the oldest first. A tenant that never signed has none.</remarks>
    internal static async Task<IResult> ListAsync(
        string tenant, int? limit, string? cursor, TenantDirectory tenants, KeyRingDirectory rings,
        HttpResponse response)
    {
        if (!await tenants.ExistsAsync(tenant))
        {
            return Problems.TenantNotFound();
        }

        var ring = await rings.ReadAsync(tenant);
        var page = Pages.Cut(ring.Versions, static version => $"{version.Number:d9}", limit, cursor, out var fault);
        if (page is null)
        {
            return Problems.Invalid([fault!]);
        }

        ETags.Write(response, ring.ETag);
        return TypedResults.Ok(new ListResponse<KeyResponse>([.. page.Items.Select(KeyResponse.From)], page.Next));
    }

    /// <summary>Rotate the key</summary>
    /// <remarks>
    /// Publishes a new version, which is promoted by itself after the propagation window (30 s); until then the
    /// active one signs. Safe to repeat: while a version is pending, that one is answered. With <c>emergency</c> the
    /// new version signs at once, and the active one and any pending one are revoked in the same step; answers when
    /// no silo can sign with them any more, 5 s at most. Repeat that only with <c>If-Match</c>.
    /// </remarks>
    internal static async Task<IResult> RotateAsync(
        string tenant, RotateRequest body, TenantDirectory tenants, KeyRingDirectory rings, IGrainFactory grains,
        HttpContext context)
    {
        if (await tenants.UnusableAsync(tenant) is { } unusable)
        {
            return unusable;
        }

        if (body.Algorithm is not null && !SignatureAlgorithm.TryFind(body.Algorithm, out _))
        {
            return Problems.Invalid("algorithm", "must be ES256 or Ed25519");
        }

        if (body is { Emergency: false, Reason: not null })
        {
            return Problems.Invalid("reason", "is only for an emergency: a routine rotation revokes nothing");
        }

        var reason = KeyAnswers.ReasonOf(body.Reason, out var problem);
        if (problem is not null)
        {
            return problem;
        }

        var (ring, precondition) = (grains.KeyRing(tenant), ETags.Precondition(context.Request));
        var change = body.Emergency
            ? await ring.RotateNowAsync(body.Algorithm, reason, precondition)
            : await ring.RotateAsync(body.Algorithm, precondition);
        return rings.Conclude(change, context.Response);
    }

    /// <summary>Let a pending version sign</summary>
    /// <remarks>It does so by itself after the propagation window; with <c>force</c> at once. Safe to repeat.</remarks>
    internal static Task<IResult> PromoteAsync(
        string tenant, string version, PromoteRequest body, TenantDirectory tenants, KeyRingDirectory rings,
        IGrainFactory grains, HttpContext context) =>
        ChangeAsync(tenant, version, tenants, rings, context, (number, precondition) =>
            grains.KeyRing(tenant).PromoteAsync(number, body.Force, precondition));

    /// <summary>Revoke a version</summary>
    /// <remarks>
    /// It signs nothing more from the moment this is answered, on any silo, which takes 5 s at most where a silo does
    /// not answer. What it signed before still verifies, marked. A pending version takes over from an active one;
    /// without one, nothing is signed until there is a new one. Safe to repeat: the first revocation stays.
    /// </remarks>
    internal static async Task<IResult> RevokeAsync(
        string tenant, string version, RevokeRequest body, TenantDirectory tenants, KeyRingDirectory rings,
        IGrainFactory grains, HttpContext context)
    {
        var reason = KeyAnswers.ReasonOf(body.Reason, out var problem);
        return problem ?? await ChangeAsync(tenant, version, tenants, rings, context, (number, precondition) =>
            grains.KeyRing(tenant).RevokeAsync(number, reason, precondition));
    }

    /// <summary>Erase the private key of a version</summary>
    /// <remarks>
    /// For good; of a retired or revoked version only. The public key stays, so that what it signed still verifies.
    /// Safe to repeat.
    /// </remarks>
    internal static Task<IResult> DestroyAsync(
        string tenant, string version, DestroyRequest body, TenantDirectory tenants, KeyRingDirectory rings,
        IGrainFactory grains, HttpContext context)
    {
        _ = body;
        return ChangeAsync(tenant, version, tenants, rings, context, (number, precondition) =>
            grains.KeyRing(tenant).DestroyAsync(number, precondition));
    }

    /// <summary>Wrap all private keys under the present key-encryption key</summary>
    /// <remarks>
    /// For a change of the key-encryption key, in this region. Versions and signatures stay as they are. Safe to
    /// repeat, until none remains.
    /// </remarks>
    internal static async Task<IResult> RewrapAsync(RewrapRequest body, GatehouseOptions options, IGrainFactory grains)
    {
        if (body.Limit is < 1 or > 10_000)
        {
            return Problems.Invalid("limit", "must be between 1 and 10000");
        }

        var report = await grains.KeyRings(options.Region).RewrapAsync(body.Limit);
        return TypedResults.Ok(new RewrapResponse
        {
            Kek = report.Kek,
            Rewrapped = report.Rewrapped,
            Remaining = report.Remaining,
            Unreadable = report.Unreadable,
        });
    }

    private static async Task<IResult> ChangeAsync(
        string tenant, string version, TenantDirectory tenants, KeyRingDirectory rings, HttpContext context,
        Func<int, Precondition, Task<KeyRingChange>> change)
    {
        if (!await tenants.ExistsAsync(tenant))
        {
            return Problems.TenantNotFound();
        }

        return KeyVersions.TryParse(version, out var number)
            ? rings.Conclude(await change(number, ETags.Precondition(context.Request)), context.Response)
            : Problems.KeyVersionNotFound();
    }
}
