using System.Security.Cryptography;
using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.Regions;
using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.SigningKeys.Envelopes;

/// <summary>Makes keys and opens their envelopes: the only place where private bytes are in the clear.</summary>
internal sealed class KeyForge(KeyEncryptionKeys keks, IOptions<RegionOptions> region, SigningKeysMetrics metrics)
{
    public NewKey Make(string tenant, int number, SignatureAlgorithm algorithm)
    {
        var pair = algorithm.Generate();
        try
        {
            return new NewKey(number, algorithm.Name, pair.PublicKey,
                keks.Current.Wrap(Place(tenant, number, algorithm.Name), pair.PrivateKey));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pair.PrivateKey);
        }
    }

    /// <summary>Opens a version's private key for signing; null when it does not open.</summary>
    public ISigner? Open(string tenant, KeyVersion version) => Use(tenant, version, (privateKey, algorithm) =>
        algorithm.ImportPrivate(privateKey));

    /// <summary>Puts a version's private key into an envelope of the current key; null when it does not open.</summary>
    public WrappedKey? Rewrap(string tenant, KeyVersion version) => Use(tenant, version, (privateKey, _) =>
        keks.Current.Wrap(Place(tenant, version.Number, version.Algorithm), privateKey));

    /// <summary>Whether a version's private key is in an envelope of the current key, or gone.</summary>
    public bool IsCurrent(KeyVersion version) =>
        version.PrivateKey is null || version.PrivateKey.Kek == keks.Current.Id;

    private T? Use<T>(string tenant, KeyVersion version, Func<byte[], SignatureAlgorithm, T> use) where T : class
    {
        byte[] privateKey = [];
        try
        {
            if (version.PrivateKey is not { } wrapped
                || !SignatureAlgorithm.TryFind(version.Algorithm, out var algorithm))
            {
                return null;
            }

            privateKey = keks.Unwrap(Place(tenant, version.Number, version.Algorithm), wrapped);
            return use(privateKey, algorithm);
        }
        catch (CryptographicException)
        {
            metrics.UnwrapFailed();
            return null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(privateKey);
        }
    }

    private KeyPlace Place(string tenant, int number, string algorithm) =>
        new(tenant, region.Value.Region, number, algorithm);
}
