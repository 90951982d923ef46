using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.SigningKeys;

namespace Gatehouse.ApiHost.SigningKeys;

/// <summary>A ring as a JSON Web Key Set.</summary>
internal static class KeySet
{
    /// <param name="ring">The ring; null: there is none.</param>
    /// <param name="withRevoked">
    /// Whether revoked keys are in it, marked: for who verifies what was signed long ago and has to tell a revoked key
    /// from one that never was.
    /// </param>
    public static IReadOnlyList<IReadOnlyDictionary<string, string>> Of(KeyRingSnapshot? ring, bool withRevoked) =>
    [
        .. from version in ring?.Versions ?? []
           where withRevoked || version.Status is not KeyStatus.Revoked
           let algorithm = SignatureAlgorithm.All.FirstOrDefault(known => known.Name == version.Algorithm)
           // One that a newer version of the product wrote is not known here.
           where algorithm is not null
           select Key(version, algorithm),
    ];

    private static Dictionary<string, string> Key(KeyVersionSnapshot version, SignatureAlgorithm algorithm)
    {
        var key = new Dictionary<string, string>(algorithm.Jwk(version.PublicKey))
        {
            ["use"] = "sig",
            ["kid"] = version.Name,
        };
        if (version.Status is KeyStatus.Revoked)
        {
            key["status"] = KeyStatuses.Tag(version.Status);
            if (version.RevokedAt is { } time)
            {
                key["revokedAt"] = UtcMilliseconds.ToText(time);
            }
        }

        return key;
    }
}
