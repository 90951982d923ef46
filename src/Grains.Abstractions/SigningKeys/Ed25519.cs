using System.Buffers.Text;
using System.Security.Cryptography;
using NSec.Cryptography;
using Nsec = NSec.Cryptography.SignatureAlgorithm;

namespace Gatehouse.Grains.Abstractions.SigningKeys;

/// <summary>
/// Ed25519 by libsodium: the framework has none. Public keys are the 32 bytes of RFC 8032, private ones the 32 bytes of
/// the seed.
/// </summary>
internal sealed class Ed25519 : SignatureAlgorithm
{
    private static Nsec Algorithm => Nsec.Ed25519;

    public override string Name => "Ed25519";

    public override int SignatureLength => Algorithm.SignatureSize;

    public override KeyPair Generate()
    {
        using var key = Key.Create(
            Algorithm, new KeyCreationParameters { ExportPolicy = KeyExportPolicies.AllowPlaintextExport });
        return new KeyPair(key.Export(KeyBlobFormat.RawPublicKey), key.Export(KeyBlobFormat.RawPrivateKey));
    }

    public override ISigner ImportPrivate(ReadOnlySpan<byte> privateKey)
    {
        try
        {
            return new Signer(Key.Import(Algorithm, privateKey, KeyBlobFormat.RawPrivateKey));
        }
        catch (FormatException broken)
        {
            throw new CryptographicException("The key is no Ed25519 seed.", broken);
        }
    }

    public override IVerifier ImportPublic(ReadOnlySpan<byte> publicKey) =>
        PublicKey.TryImport(Algorithm, publicKey, KeyBlobFormat.RawPublicKey, out var key)
            ? new Verifier(key!)
            : throw new CryptographicException("The key is no Ed25519 public key.");

    public override IReadOnlyDictionary<string, string> Jwk(ReadOnlySpan<byte> publicKey) =>
        new Dictionary<string, string>
        {
            ["kty"] = "OKP",
            ["crv"] = "Ed25519",
            ["x"] = Base64Url.EncodeToString(publicKey),
            ["alg"] = "EdDSA",
        };

    private sealed class Signer(Key key) : ISigner
    {
        public byte[] Sign(ReadOnlySpan<byte> data) => Algorithm.Sign(key, data);

        public void Dispose() => key.Dispose();
    }

    private sealed class Verifier(PublicKey key) : IVerifier
    {
        public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) =>
            signature.Length == Algorithm.SignatureSize && Algorithm.Verify(key, data, signature);
    }
}
