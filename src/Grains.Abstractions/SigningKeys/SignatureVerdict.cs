namespace Gatehouse.Grains.Abstractions.SigningKeys;

/// <summary>
/// What is to be thought of a signature. Not a boolean: a good signature of a revoked key is suspect.
/// </summary>
public sealed record SignatureVerdict
{
    /// <summary>Whether the key made the signature, whatever its status.</summary>
    public required bool IsValid { get; init; }

    /// <summary>The status of the version now; <see cref="KeyStatus.None"/>: the ring has no such version.</summary>
    public required KeyStatus Status { get; init; }

    /// <summary>The name of the version's algorithm; null without a version.</summary>
    public string? Algorithm { get; init; }

    /// <summary>When the version was revoked; null when it was not, or when the configuration revokes it.</summary>
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>Why it was.</summary>
    public string? Reason { get; init; }

    /// <summary>
    /// Whether the signature is older than the revocation; null: nobody can know. Only set for a good signature of a
    /// revoked version.
    /// </summary>
    public bool? IsBeforeRevocation { get; init; }

    /// <summary>Judges a signature by its version.</summary>
    /// <param name="version">The version; null: the ring has none of that name.</param>
    /// <param name="isValid">Whether its key made the signature.</param>
    /// <param name="attestedAt">
    /// When the signature existed at the latest, by a witness other than its own key. A time that the signature itself
    /// states proves nothing: whoever has the key can write any time.
    /// </param>
    public static SignatureVerdict Of(KeyVersionSnapshot? version, bool isValid, DateTimeOffset? attestedAt = null)
    {
        if (version is null)
        {
            return new SignatureVerdict { IsValid = false, Status = KeyStatus.None };
        }

        return new SignatureVerdict
        {
            IsValid = isValid,
            Status = version.Status,
            Algorithm = version.Algorithm,
            RevokedAt = version.RevokedAt,
            Reason = version.Reason,
            // A witness that saw it later says nothing about when it was made.
            IsBeforeRevocation = isValid && version.Status is KeyStatus.Revoked && attestedAt < version.RevokedAt
                ? true
                : null,
        };
    }
}
