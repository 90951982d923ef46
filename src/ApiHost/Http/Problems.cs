using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.ApiHost.Http;

/// <summary>Every error answer of the API. Codes never change their meaning.</summary>
internal static class Problems
{
    /// <summary>How many faults an answer names: what is small to send can break very many rules.</summary>
    private const int FaultsMax = 50;

    /// <summary>As much of a field's name as tells which one it was: a caller may have made it up.</summary>
    private const int FieldLengthMax = 200;

    public static Problem Invalid(string field, string rule) => Invalid([new FieldFault(field, rule)]);

    public static Problem Invalid(IReadOnlyList<FieldFault> faults) => new()
    {
        Status = StatusCodes.Status400BadRequest,
        Code = "invalid_request",
        Title = "The request breaks a rule",
        Detail = $"{Short(faults[0].Field)} {faults[0].Rule}",
        Faults = [.. faults.Take(FaultsMax).Select(static fault => fault with { Field = Short(fault.Field) })],
    };

    public static Problem Unauthenticated(AuthenticationFailure failure, CredentialPlaces places) => new()
    {
        Status = StatusCodes.Status401Unauthorized,
        Code = "unauthenticated",
        Title = "A good credential is required",
        Detail = failure switch
        {
            _ when places is CredentialPlaces.Password => "The password is the admin key, whatever the user name.",
            // Proxies pass the answer on to their clients, to whom it is no concern what became of the proxy's key.
            _ when places is not CredentialPlaces.Authorization =>
                $"The proxy must send a good API key in {Authenticator.KeyHeader}.",
            AuthenticationFailure.Missing => "Send Authorization: Bearer <api key>.",
            // Only who holds the key learns what became of it.
            AuthenticationFailure.Revoked => "This API key was revoked.",
            AuthenticationFailure.Expired => "This API key has expired.",
            AuthenticationFailure.TenantDisabled => "The tenant of this API key is disabled.",
            _ => "The credential is not known.",
        },
        Challenge = places switch
        {
            CredentialPlaces.Authorization => "Bearer realm=\"gatehouse\"",
            CredentialPlaces.Password => "Basic realm=\"gatehouse\", charset=\"UTF-8\"",
            // Nor must they take it for a question about their own token.
            _ => "GatehouseKey realm=\"gatehouse\"",
        },
    };

    public static Problem AdminOnly() => Forbidden("admin_only", "Only the admin key may do this.");

    public static Problem WrongTenant() => Forbidden("wrong_tenant", "The API key belongs to another tenant.");

    public static Problem MissingScope(string scope) =>
        Forbidden("missing_scope", $"The API key does not hold the scope {scope}.");

    public static Problem TenantDisabled() => Forbidden("tenant_disabled", "The tenant is disabled.");

    public static Problem TenantNotFound() => NotFound("tenant_not_found", "There is no such tenant.");

    public static Problem PolicyNotFound() => NotFound("policy_not_found", "The tenant has no such policy.");

    public static Problem ApiKeyNotFound() => NotFound("api_key_not_found", "The tenant has no such API key.");

    public static Problem RegionNotFound() => NotFound("region_not_found", "This deployment knows no such region.");

    public static Problem KeyVersionNotFound() =>
        NotFound("key_version_not_found", "The tenant's key ring has no such version.");

    public static Problem RouteNotFound() =>
        NotFound("route_not_found", "There is nothing at this path; see /openapi/v1.json.");

    public static Problem MethodNotAllowed() => new()
    {
        Status = StatusCodes.Status405MethodNotAllowed,
        Code = "method_not_allowed",
        Title = "The method is not allowed here",
    };

    public static Problem BodyTooLarge(long limit) => new()
    {
        Status = StatusCodes.Status413PayloadTooLarge,
        Code = "body_too_large",
        Title = "The body is too large",
        Faults = [new FieldFault("body", $"must not be larger than {limit} bytes")],
    };

    public static Problem UnsupportedMediaType() => new()
    {
        Status = StatusCodes.Status415UnsupportedMediaType,
        Code = "unsupported_media_type",
        Title = "The content type is not supported",
        Faults = [new FieldFault("Content-Type", "must be application/json, in UTF-8")],
    };

    public static Problem DeclaredInFile() => Conflict(
        "declared_in_file", "A configuration file declares this",
        "The API never changes what a file declares; change the file.");

    public static Problem TooMany() => Conflict("too_many", "The tenant holds as many of these as it may");

    public static Problem EventIdReused(string id) => Conflict(
        "event_id_reused", "The event's id is recorded already, with another content",
        $"Nothing was recorded; the id is {id}.");

    public static Problem EventNotFound() =>
        NotFound("event_not_found", "The tenant's audit chain has no such entry yet.");

    public static Problem ChainFrozen() => new()
    {
        Status = StatusCodes.Status503ServiceUnavailable,
        Code = "chain_frozen",
        Title = "The tenant's audit chain is frozen",
        Detail = "The store has lost entries that were acknowledged. Nothing is recorded until it is restored.",
    };

    public static Problem EventPruned(long before) => NotFound(
        "event_pruned", $"The entries before {before} were deleted, as the tenant's retention has it.");

    public static Problem CheckpointNotFound() => NotFound("checkpoint_not_found", "There is no checkpoint yet.");

    public static Problem TileNotFound() =>
        NotFound("tile_not_found", "The tree of the last checkpoint has no such tile.");

    public static Problem WouldGiveUp(long archived, long givenUp) => Conflict(
        "would_give_up", "Entries that are not archived would be lost",
        $"{givenUp} entries from {archived} on do not follow, or nothing follows them. Send "
        + $"{{\"giveUpFrom\":{archived}}} to go on without them; nothing was done.");

    public static Problem WouldContradict(long signed, long archived) => Conflict(
        "would_contradict", "A checkpoint was signed of entries that are gone",
        $"A checkpoint of {signed} entries was published, and {archived} are archived. Restore the archive from its "
        + "backup; nothing was done.");

    public static Problem IdempotencyStale() => Conflict(
        "idempotency_stale", "The claim is not the key's any more",
        "It ran out and another request began, or it has ended otherwise. Nothing was changed.");

    public static Problem IdempotencyKeyNotFound() =>
        NotFound("idempotency_key_not_found", "Nothing is known of this key for this endpoint.");

    public static Problem TooManyTails() => Overloaded(
        "too_many_tails", Applied.No, TimeSpan.FromSeconds(5));

    public static Problem KeyWrongStatus(string version, string status) => Conflict(
        "key_wrong_status", "The status of the version does not allow it", $"{version} is {status}.");

    public static Problem KeyTooEarly() => Conflict(
        "key_too_early", "The version has not been published for long enough",
        "Verifiers may not know it yet. Wait until its promoteAt, or send {\"force\":true}.");

    public static Problem KeyRevoked(string version) => Conflict(
        "key_revoked", "The key is revoked and signs nothing more",
        $"{version} is revoked. Rotate, or promote the pending version, to have one that may sign.");

    public static Problem KeyNotActive(string version) => Conflict(
        "key_not_active", "The version does not sign", $"{version} is not the active version.");

    public static Problem KeyUnreadable() => Conflict(
        "key_unreadable", "The stored key does not open",
        "No configured key-encryption key opens it, or it was changed in the store. An operator has to look at it.");

    public static Problem PreconditionFailed() => new()
    {
        Status = StatusCodes.Status412PreconditionFailed,
        Code = "precondition_failed",
        Title = "It is not what If-Match or If-None-Match says",
        Detail = "Read it again and decide anew; nothing was changed.",
    };

    /// <summary>A limit at the door: of a client address or a tenant, at this host.</summary>
    public static Problem DoorLimited(string whose) => new()
    {
        Status = StatusCodes.Status429TooManyRequests,
        Code = "door_limited",
        Title = "Too Many Requests",
        Detail = $"The {whose} sends more requests than this host takes from one {whose}.",
        RetryAfter = TimeSpan.FromSeconds(1),
    };

    public static Problem Overloaded(string reason, Applied applied, TimeSpan retryAfter, string? cause = null) =>
        new OverloadProblem(reason, applied) { RetryAfter = retryAfter, Cause = cause };

    public static Problem Unexpected() => new()
    {
        Status = StatusCodes.Status500InternalServerError,
        Code = "internal_error",
        Title = "The request failed for a reason nobody foresaw",
    };

    private static string Short(string field) =>
        field.Length <= FieldLengthMax ? field : $"{field[..FieldLengthMax]}…";

    private static Problem Forbidden(string code, string detail) => new()
    {
        Status = StatusCodes.Status403Forbidden,
        Code = code,
        Title = "Forbidden",
        Detail = detail,
    };

    private static Problem Conflict(string code, string title, string? detail = null) => new()
    {
        Status = StatusCodes.Status409Conflict,
        Code = code,
        Title = title,
        Detail = detail,
    };

    private static Problem NotFound(string code, string detail) => new()
    {
        Status = StatusCodes.Status404NotFound,
        Code = code,
        Title = "Not Found",
        Detail = detail,
    };
}
