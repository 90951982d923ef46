using System.ComponentModel.DataAnnotations;
using Gatehouse.Grains.Abstractions.SigningKeys;

namespace Gatehouse.Grains.SigningKeys;

/// <summary>Settings of signing keys, section <c>Gatehouse:SigningKeys</c>.</summary>
internal sealed class SigningKeysOptions : IValidatableObject
{
    /// <summary>
    /// The key-encryption key that wraps every private key: 32 random bytes in base64. Here or in
    /// <see cref="KekFile"/>; in Development one is made beside the data.
    /// </summary>
    public string? Kek { get; set; }

    /// <summary>A file that holds it, readable by its owner and group only.</summary>
    public string? KekFile { get; set; }

    /// <summary>The one before, which still opens keys until all are re-wrapped. Default: none.</summary>
    public string? PreviousKek { get; set; }

    /// <summary>A file that holds that one.</summary>
    public string? PreviousKekFile { get; set; }

    /// <summary>What new keys sign with: ES256 (default) or Ed25519.</summary>
    public string Algorithm { get; set; } = SignatureAlgorithm.Es256.Name;

    /// <summary>
    /// How long a new key is published before it signs. Verifiers may keep the key set for a shorter time. Default:
    /// 30 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:10", "30.00:00:00",
        ErrorMessage = "Gatehouse:SigningKeys:PropagationWindow must be between 00:00:10 and 30.00:00:00.")]
    public TimeSpan PropagationWindow { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a silo may sign without having asked the store again, and so how long a revocation waits for a silo
    /// that does not answer. Default: 5 s, the most it may be.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:00:05",
        ErrorMessage = "Gatehouse:SigningKeys:LeaseDuration must be between 00:00:01 and 00:00:05.")]
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A key that is older than this is rotated by itself, within two hours. At least a day; default 00:00:00: never.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00",
        ErrorMessage = "Gatehouse:SigningKeys:RotationPeriod must be between 00:00:00 and 3650.00:00:00.")]
    public TimeSpan RotationPeriod { get; set; }

    /// <summary>A key that was made before this time is rotated by itself, within two hours. Default: none.</summary>
    public DateTimeOffset? RotateCreatedBefore { get; set; }

    /// <summary>
    /// Versions that are revoked whatever is stored: <c>v1</c> in every ring, <c>acme:v1</c> in one. Default: none.
    /// </summary>
    public IList<string> RevokedVersions { get; } = [];

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!SignatureAlgorithm.TryFind(Algorithm, out _))
        {
            var known = string.Join(" or ", SignatureAlgorithm.All.Select(algorithm => algorithm.Name));
            yield return new ValidationResult($"Gatehouse:SigningKeys:Algorithm must be {known}.");
        }

        if (RotationPeriod > TimeSpan.Zero && RotationPeriod < TimeSpan.FromDays(1))
        {
            yield return new ValidationResult(
                "Gatehouse:SigningKeys:RotationPeriod must be 00:00:00 or at least a day.");
        }

        foreach (var entry in RevokedVersions.Where(entry => !SigningKeys.RevokedVersions.IsEntry(entry)))
        {
            yield return new ValidationResult(
                $"Gatehouse:SigningKeys:RevokedVersions {SigningKeys.RevokedVersions.Rule}; '{entry}' is none.");
        }

        foreach (var (one, other, name) in new[]
        {
            (Kek, KekFile, "Kek"), (PreviousKek, PreviousKekFile, "PreviousKek"),
        })
        {
            if (!string.IsNullOrEmpty(one) && !string.IsNullOrEmpty(other))
            {
                yield return new ValidationResult(
                    $"Gatehouse:SigningKeys:{name} and Gatehouse:SigningKeys:{name}File must not both be set.");
            }
        }
    }
}
