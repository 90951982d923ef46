using System.Diagnostics;
using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.OpenApi;
using Gatehouse.ApiHost.Overload;
using Gatehouse.ApiHost.Tenants;
using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.Abstractions.Tenants;
using Gatehouse.Silo;

namespace Gatehouse.ApiHost.SigningKeys;

/// <summary>Signing, verifying, and the public keys.</summary>
internal static class SignatureEndpoints
{
    /// <summary>How many items one call may hold.</summary>
    public const int ItemsMax = 100;

    /// <summary>
    /// How long a verifier may keep the key set. With what this host may be late by, it has to fit into the shortest
    /// propagation window, so that a key is known before it signs.
    /// </summary>
    private const string CacheFor = "public, max-age=5";

    private const string KeySetType = "application/jwk-set+json";

    public static void MapSignatures(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/tenants/{tenant}/keys").WithTags("Signing keys").TakesTurns();
        group.MapPost("/sign", SignAsync).WithName("Sign").RequireScope(Scopes.KeysSign).Does(RouteClass.Check)
            .Produces<SignatureResponse>().ProducesProblems(400, 404, 409, 413, 415);
        group.MapPost("/verify", VerifyAsync).WithName("Verify").RequireScope(Scopes.KeysVerify).Does(RouteClass.Check)
            .Produces<VerdictResponse>().ProducesProblems(400, 404, 413, 415);
        group.MapGet("/jwks.json", KeySetAsync).WithName("GetKeySet").AllowAnyone()
            .Produces<JwksResponse>(200, KeySetType).Produces(304)
            .Produces<ProblemResponse>(StatusCodes.Status400BadRequest, "application/problem+json");
    }

    /// <summary>Sign bytes with the active version</summary>
    /// <remarks>
    /// The first call makes the tenant's first key. <c>items</c> instead of <c>data</c> signs up to 100 at once, by
    /// the same version, and answers <c>{"items":[…]}</c> in their order. Safe to repeat; ES256 signatures differ
    /// each time.
    /// </remarks>
    internal static async Task<IResult> SignAsync(
        string tenant, SignRequest body, TenantDirectory tenants, ISignatures signatures, GatehouseOptions options)
    {
        if (await tenants.UnusableAsync(tenant) is { } unusable)
        {
            return unusable;
        }

        if (!TryReadVersion(body.Version, out var number))
        {
            return Problems.Invalid("version", KeyVersions.Rule);
        }

        if (ItemsFault(body.Data is not null, body.Items, "data") is { } fault)
        {
            return fault;
        }

        IReadOnlyList<byte[]> items = body.Data is { } data ? [data] : [.. body.Items!.Select(item => item.Data)];
        if (items.Index().FirstOrDefault(item => ReservedData.Is(item.Item, options.Region, tenant)) is
            (var reserved, not null))
        {
            return Problems.Invalid(body.Data is null ? $"items[{reserved}].data" : "data", ReservedData.Rule);
        }

        var result = await signatures.SignAsync(tenant, number, items);
        if (result.Outcome is not SignOutcome.Done)
        {
            return Refusal(result);
        }

        return body.Data is not null
            ? TypedResults.Ok(Answer(result, 0))
            : TypedResults.Ok(new BatchResponse<SignatureResponse>(
                [.. Enumerable.Range(0, items.Count).Select(item => Answer(result, item))]));
    }

    /// <summary>Verify a signature</summary>
    /// <remarks>
    /// Answers 200 whatever the verdict. A version that was revoked still verifies: <c>valid</c> says whether its key
    /// made the signature, <c>status</c> what to think of it. <c>items</c> instead of one signature judges up to 100,
    /// and answers <c>{"items":[…]}</c> in their order. Status and key are at most a second old, 5 if this host is
    /// cut off.
    /// </remarks>
    internal static async Task<IResult> VerifyAsync(
        string tenant, VerifyRequest body, TenantDirectory tenants, KeyRingDirectory rings, KeyUseMetrics metrics)
    {
        if (await tenants.UnusableAsync(tenant) is { } unusable)
        {
            return unusable;
        }

        if (ItemsFault(body.Signature is not null, body.Items, "signature") is { } fault)
        {
            return fault;
        }

        if (body.Items is not null)
        {
            var verdicts = new List<VerdictResponse>(body.Items.Count);
            foreach (var item in body.Items)
            {
                verdicts.Add(await JudgeAsync(tenant, item, rings, metrics));
            }

            return TypedResults.Ok(new BatchResponse<VerdictResponse>(verdicts));
        }

        if (body.Data is null || body.Version is null)
        {
            return Problems.Invalid(body.Data is null ? "data" : "version", "is required");
        }

        return TypedResults.Ok(await JudgeAsync(tenant, new VerifyItem
        {
            Data = body.Data,
            Version = body.Version,
            Algorithm = body.Algorithm,
            Signature = body.Signature!,
        }, rings, metrics));
    }

    /// <summary>The public keys of a tenant</summary>
    /// <remarks>
    /// A JSON Web Key Set (RFC 7517) of every version whose signatures are good: pending, active, retired and
    /// destroyed ones, not revoked ones. With <c>revoked=include</c> those, too, with <c>status</c> and
    /// <c>revokedAt</c>: only for a verifier that looks at them. Anybody may read it, within the limit for one client.
    /// A tenant that does not exist has an empty one.
    /// </remarks>
    internal static async Task<IResult> KeySetAsync(
        string tenant, string? revoked, TenantDirectory tenants, KeyRingDirectory rings, HttpContext context)
    {
        if (revoked is not (null or "include"))
        {
            return Problems.Invalid("revoked", "must be include, or left out");
        }

        var ring = await tenants.IsKnownAsync(tenant, context) ? await rings.GetAsync(tenant) : null;
        var tag = ring?.ETag ?? "\"0\"";
        context.Response.Headers.CacheControl = CacheFor;
        ETags.Write(context.Response, tag);
        return context.Request.Headers.IfNoneMatch.Contains(tag)
            ? TypedResults.StatusCode(StatusCodes.Status304NotModified)
            : TypedResults.Json(
                new JwksResponse(KeySet.Of(ring, withRevoked: revoked is not null)),
                contentType: KeySetType);
    }

    private static async ValueTask<VerdictResponse> JudgeAsync(
        string tenant, VerifyItem item, KeyRingDirectory rings, KeyUseMetrics metrics)
    {
        var version = KeyVersions.TryParse(item.Version, out var number) ? await rings.FindAsync(tenant, number) : null;
        // The algorithm is the key's, not the signature's to choose.
        var isValid = version is not null && (item.Algorithm is null || item.Algorithm == version.Algorithm)
            && rings.Verify(version, item.Data, item.Signature);
        var verdict = SignatureVerdict.Of(version, isValid);
        metrics.VerifyAnswered(verdict);
        return VerdictResponse.From(item.Version, verdict);
    }

    private static bool TryReadVersion(string? text, out int? number)
    {
        number = KeyVersions.TryParse(text, out var read) ? read : null;
        return text is null || number is not null;
    }

    private static Problem? ItemsFault<T>(bool isOne, IReadOnlyList<T?>? items, string field) where T : class =>
        (isOne, items) switch
        {
            (true, not null) => Problems.Invalid("items", $"must not be given together with {field}"),
            (false, null) => Problems.Invalid(field, "or items is required"),
            (false, { Count: 0 or > ItemsMax }) => Problems.Invalid("items", $"must hold 1 to {ItemsMax} items"),
            (false, _) when items.Contains(null) => Problems.Invalid(
                $"items[{items.TakeWhile(item => item is not null).Count()}]", "must not be null"),
            _ => null,
        };

    private static SignatureResponse Answer(SignResult result, int item) => new()
    {
        Version = KeyVersions.Name(result.Number),
        Algorithm = result.Algorithm,
        Signature = result.Signatures[item],
    };

    private static Problem Refusal(SignResult result) => result.Outcome switch
    {
        SignOutcome.Revoked => Problems.KeyRevoked(KeyVersions.Name(result.Number)),
        SignOutcome.NotActive => Problems.KeyNotActive(KeyVersions.Name(result.Number)),
        SignOutcome.NotFound => Problems.KeyVersionNotFound(),
        SignOutcome.Unreadable => Problems.KeyUnreadable(),
        _ => throw new UnreachableException($"Outcome {result.Outcome}"),
    };
}
