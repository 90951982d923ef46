using System.Globalization;
using Gatehouse.Grains.Abstractions.SigningKeys;

namespace Gatehouse.Grains.SigningKeys;

/// <summary>
/// Between the stored ring and what others see of it, which the configuration's revocations are part of.
/// </summary>
internal static class KeyRingConversion
{
    private const string ByConfiguration = "configuration";

    public static KeyRingSnapshot Snapshot(this KeyRingState ring, string tenant, RevokedVersions revoked) => new()
    {
        Tenant = tenant,
        Epoch = ring.Epoch,
        Version = ring.VersionWith(tenant, revoked),
        Versions = [.. ring.Versions.Select(version => version.Snapshot(revoked.Contains(tenant, version.Number)))],
    };

    /// <summary>
    /// Names the content of the ring together with the configuration's revocations of its own versions: it is shown to
    /// anybody, so it says nothing of other tenants.
    /// </summary>
    public static string VersionWith(this KeyRingState ring, string tenant, RevokedVersions revoked)
    {
        var own = ring.Versions.Select(version => version.Number)
            .Where(number => revoked.Contains(tenant, number)).ToList();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{ring.Epoch}{(ring.Stamp.Length == 0 ? "" : $".{ring.Stamp}")}{(own.Count == 0 ? "" : "+")}" +
            $"{string.Join('.', own)}");
    }

    /// <summary>Which key-encryption keys the ring needs.</summary>
    public static IReadOnlyList<string> Keks(this KeyRingState ring) =>
    [
        .. ring.Versions.Select(version => version.PrivateKey?.Kek).OfType<string>().Distinct()
            .Order(StringComparer.Ordinal),
    ];

    private static KeyVersionSnapshot Snapshot(this KeyVersion version, bool isRevoked) => new()
    {
        Number = version.Number,
        Algorithm = version.Algorithm,
        Status = isRevoked || version.RevokedAt is not null ? KeyStatus.Revoked : version.Status,
        PublicKey = version.PublicKey,
        CreatedAt = version.CreatedAt,
        PromoteAt = version.PromoteAt,
        ActivatedAt = version.ActivatedAt,
        RetiredAt = version.RetiredAt,
        RevokedAt = version.RevokedAt,
        Reason = version.Reason ?? (isRevoked ? ByConfiguration : null),
        DestroyedAt = version.DestroyedAt,
    };
}
