using Gatehouse.Grains.Abstractions.SigningKeys;

namespace Gatehouse.ApiHost.SigningKeys;

/// <summary>What a rotation takes; an empty object is a routine one.</summary>
internal sealed record RotateRequest
{
    /// <summary>
    /// The key may be known to others: the new one signs at once, the old one is revoked in the same step. Default:
    /// false.
    /// </summary>
    public bool Emergency { get; init; }

    /// <summary>Why, for whoever verifies; only with emergency. 1 to 256 characters. Default: unspecified.</summary>
    public string? Reason { get; init; }

    /// <summary>What the new key signs with: ES256 or Ed25519. Default: as configured, ES256.</summary>
    public string? Algorithm { get; init; }
}

/// <summary>What a promotion takes.</summary>
internal sealed record PromoteRequest
{
    /// <summary>Whether not to wait until it has been published for long enough. Default: false.</summary>
    public bool Force { get; init; }
}

/// <summary>What a revocation takes.</summary>
internal sealed record RevokeRequest
{
    /// <summary>Why, for whoever verifies. 1 to 256 characters. Default: unspecified.</summary>
    public string? Reason { get; init; }
}

/// <summary>What a destruction takes: nothing but the version in the path.</summary>
internal sealed record DestroyRequest;

/// <summary>What re-wrapping takes.</summary>
internal sealed record RewrapRequest
{
    /// <summary>How many rings at most, 1 to 10,000. Default: 1,000.</summary>
    public int Limit { get; init; } = 1_000;
}

/// <summary>How far the re-wrapping has come.</summary>
internal sealed record RewrapResponse
{
    /// <summary>Names the key-encryption key that is wrapped under now.</summary>
    public required string Kek { get; init; }

    /// <summary>Rings that this call re-wrapped.</summary>
    public required int Rewrapped { get; init; }

    /// <summary>Rings still to be done. Call again until it is 0.</summary>
    public required int Remaining { get; init; }

    /// <summary>Tenants whose rings hold a key that no configured key opens.</summary>
    public required IReadOnlyList<string> Unreadable { get; init; }
}

/// <summary>One version of a key; never its private part.</summary>
internal sealed record KeyResponse
{
    /// <summary>Its name, also its <c>kid</c>: v1, v2, and so on, never used again.</summary>
    public required string Version { get; init; }

    /// <summary>ES256 or Ed25519.</summary>
    public required string Algorithm { get; init; }

    /// <summary>pending, active, retired, revoked or destroyed.</summary>
    public required string Status { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it will be promoted; null when it is not pending.</summary>
    public required DateTimeOffset? PromoteAt { get; init; }

    /// <summary>When it began to sign; null when it never did.</summary>
    public required DateTimeOffset? ActivatedAt { get; init; }

    /// <summary>When another version took over; null when none did.</summary>
    public required DateTimeOffset? RetiredAt { get; init; }

    /// <summary>When it was revoked; null when it is not, or by the configuration.</summary>
    public required DateTimeOffset? RevokedAt { get; init; }

    /// <summary>Why it was revoked.</summary>
    public required string? Reason { get; init; }

    /// <summary>When its private key was erased; null while it exists.</summary>
    public required DateTimeOffset? DestroyedAt { get; init; }

    public static KeyResponse From(KeyVersionSnapshot version) => new()
    {
        Version = version.Name,
        Algorithm = version.Algorithm,
        Status = KeyStatuses.Tag(version.Status),
        CreatedAt = version.CreatedAt,
        PromoteAt = version.PromoteAt,
        ActivatedAt = version.ActivatedAt,
        RetiredAt = version.RetiredAt,
        RevokedAt = version.RevokedAt,
        Reason = version.Reason,
        DestroyedAt = version.DestroyedAt,
    };
}

/// <summary>What is to be signed: either data, or items.</summary>
internal sealed record SignRequest
{
    /// <summary>The bytes, base64.</summary>
    public byte[]? Data { get; init; }

    /// <summary>Up to 100 of them, signed by the same version; all or none.</summary>
    public IReadOnlyList<SignItem>? Items { get; init; }

    /// <summary>The version that has to sign; refused when it is not the active one. Default: the active one.</summary>
    public string? Version { get; init; }
}

/// <summary>One of several things to be signed.</summary>
internal sealed record SignItem
{
    /// <summary>The bytes, base64.</summary>
    public required byte[] Data { get; init; }
}

/// <summary>A signature.</summary>
internal sealed record SignatureResponse
{
    /// <summary>The version that signed.</summary>
    public required string Version { get; init; }

    /// <summary>Its algorithm.</summary>
    public required string Algorithm { get; init; }

    /// <summary>The signature, base64: 64 bytes. ES256: R and S (RFC 7518, section 3.4). Ed25519: RFC 8032.</summary>
    public required byte[] Signature { get; init; }
}

/// <summary>What is to be verified: either one signature, or items.</summary>
internal sealed record VerifyRequest
{
    /// <summary>The bytes that were signed, base64.</summary>
    public byte[]? Data { get; init; }

    /// <summary>The version that is said to have signed.</summary>
    public string? Version { get; init; }

    /// <summary>Its algorithm; another one than the version's makes the signature invalid. Default: not checked.
    /// </summary>
    public string? Algorithm { get; init; }

    /// <summary>The signature, base64.</summary>
    public byte[]? Signature { get; init; }

    /// <summary>Up to 100 signatures, each judged by itself.</summary>
    public IReadOnlyList<VerifyItem>? Items { get; init; }
}

/// <summary>One of several signatures to be verified.</summary>
internal sealed record VerifyItem
{
    /// <summary>The bytes that were signed, base64.</summary>
    public required byte[] Data { get; init; }

    /// <summary>The version that is said to have signed.</summary>
    public required string Version { get; init; }

    /// <summary>Its algorithm. Default: not checked.</summary>
    public string? Algorithm { get; init; }

    /// <summary>The signature, base64.</summary>
    public required byte[] Signature { get; init; }
}

/// <summary>What is to be thought of a signature. A good signature of a revoked key is suspect.</summary>
internal sealed record VerdictResponse
{
    /// <summary>Whether the version's key made the signature, whatever its status.</summary>
    public required bool Valid { get; init; }

    /// <summary>The version.</summary>
    public required string Version { get; init; }

    /// <summary>Its status now; unknown: the ring has no such version.</summary>
    public required string Status { get; init; }

    /// <summary>Its algorithm; null when the version is unknown.</summary>
    public required string? Algorithm { get; init; }

    /// <summary>When it was revoked; null when it is not, or by the configuration.</summary>
    public required DateTimeOffset? RevokedAt { get; init; }

    /// <summary>Why it was.</summary>
    public required string? Reason { get; init; }

    /// <summary>
    /// For a good signature of a revoked version: true when a witness other than the key saw it before the revocation,
    /// else unknown; a time that the signer states proves nothing. Null for all others.
    /// </summary>
    public required string? BeforeRevocation { get; init; }

    public static VerdictResponse From(string version, SignatureVerdict verdict) => new()
    {
        Valid = verdict.IsValid,
        Version = version,
        Status = KeyStatuses.Tag(verdict.Status),
        Algorithm = verdict.Algorithm,
        RevokedAt = verdict.RevokedAt,
        Reason = verdict.Reason,
        BeforeRevocation = verdict is not { IsValid: true, Status: KeyStatus.Revoked } ? null
            : verdict.IsBeforeRevocation is true ? "true" : "unknown",
    };
}

/// <summary>Several answers, in the order of the items.</summary>
/// <param name="Items">One per item.</param>
internal sealed record BatchResponse<T>(IReadOnlyList<T> Items);

/// <summary>A JSON Web Key Set (RFC 7517).</summary>
/// <param name="Keys">
/// The keys, each with kty, crv, x, y (ES256), alg, use and kid; a revoked one also with status and revokedAt.
/// </param>
internal sealed record JwksResponse(IReadOnlyList<IReadOnlyDictionary<string, string>> Keys);

/// <summary>How the API names statuses.</summary>
internal static class KeyStatuses
{
    public static string Tag(KeyStatus status) => status switch
    {
        KeyStatus.Pending => "pending",
        KeyStatus.Active => "active",
        KeyStatus.Retired => "retired",
        KeyStatus.Revoked => "revoked",
        KeyStatus.Destroyed => "destroyed",
        _ => "unknown",
    };
}
