using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Grains.Abstractions.SigningKeys;

/// <summary>
/// One way to sign. Which one a key uses is data of the key, so that both can stand side by side in a ring.
/// </summary>
public abstract class SignatureAlgorithm
{
    /// <summary>ECDSA on P-256 with SHA-256 (RFC 7518, section 3.4): the default.</summary>
    public static SignatureAlgorithm Es256 { get; } = new EcdsaP256();

    /// <summary>Ed25519 (RFC 8032; RFC 8037 in JOSE).</summary>
    public static SignatureAlgorithm Ed25519 { get; } = new Ed25519();

    /// <summary>All of them.</summary>
    public static IReadOnlyList<SignatureAlgorithm> All { get; } = [Es256, Ed25519];

    /// <summary>How keys, settings and answers name it.</summary>
    public abstract string Name { get; }

    /// <summary>The length of every signature, bytes.</summary>
    public abstract int SignatureLength { get; }

    /// <summary>Finds an algorithm by its name, letter by letter.</summary>
    public static bool TryFind(string? name, [NotNullWhen(true)] out SignatureAlgorithm? algorithm)
    {
        algorithm = All.FirstOrDefault(known => known.Name == name);
        return algorithm is not null;
    }

    /// <summary>Makes a key pair. The private part is the caller's to wipe.</summary>
    public abstract KeyPair Generate();

    /// <summary>Imports a private key as <see cref="Generate"/> gives it.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">It is none.</exception>
    public abstract ISigner ImportPrivate(ReadOnlySpan<byte> privateKey);

    /// <summary>Imports a public key as <see cref="Generate"/> gives it.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">It is none.</exception>
    public abstract IVerifier ImportPublic(ReadOnlySpan<byte> publicKey);

    /// <summary>The public key as a JSON Web Key (RFC 7517), without members that are not of the key itself.</summary>
    public abstract IReadOnlyDictionary<string, string> Jwk(ReadOnlySpan<byte> publicKey);
}

/// <summary>A key pair, each part in the algorithm's own encoding.</summary>
/// <param name="PublicKey">May be shown to anyone.</param>
/// <param name="PrivateKey">Never leaves the process unwrapped.</param>
public sealed record KeyPair(byte[] PublicKey, byte[] PrivateKey);

/// <summary>A private key, ready to be used by any number of threads.</summary>
public interface ISigner : IDisposable
{
    /// <summary>Signs the bytes themselves, not their hash.</summary>
    byte[] Sign(ReadOnlySpan<byte> data);
}

/// <summary>A public key, ready to be used by any number of threads.</summary>
public interface IVerifier
{
    /// <summary>Whether that is the key's signature of those bytes. Anything malformed is not.</summary>
    bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature);
}
