using Gatehouse.Grains.Abstractions.SigningKeys;

namespace Gatehouse.ApiHost.SigningKeys;

/// <summary>A ring as a JSON Web Key Set.</summary>
internal static class KeySet
{
    public static IReadOnlyList<IReadOnlyDictionary<string, string>> Of(KeyRingSnapshot? ring) =>
    [
        .. from version in ring?.Versions ?? []
           where version.Status is not KeyStatus.Revoked
           let algorithm = SignatureAlgorithm.All.FirstOrDefault(known => known.Name == version.Algorithm)
           // One that a newer version of the product wrote is not known here.
           where algorithm is not null
           select new Dictionary<string, string>(algorithm.Jwk(version.PublicKey))
           {
               ["use"] = "sig",
               ["kid"] = version.Name,
           },
    ];
}
