using Gatehouse.Grains.Abstractions.SigningKeys;

namespace Gatehouse.ApiHost.SigningKeys;

/// <summary>A ring as a JSON Web Key Set.</summary>
internal static class KeySet
{
    public static IReadOnlyList<IReadOnlyDictionary<string, string>> Of(KeyRingSnapshot? ring) =>
    [
        .. from version in ring?.Versions ?? []
           where version.Status is not KeyStatus.Revoked
           select Key(version),
    ];

    private static Dictionary<string, string> Key(KeyVersionSnapshot version)
    {
        SignatureAlgorithm.TryFind(version.Algorithm, out var algorithm);
        return new Dictionary<string, string>(algorithm!.Jwk(version.PublicKey))
        {
            ["use"] = "sig",
            ["kid"] = version.Name,
        };
    }
}
