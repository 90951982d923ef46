using System.Buffers.Text;
using System.Security.Cryptography;

namespace Gatehouse.Grains.Abstractions.SigningKeys;

/// <summary>
/// ES256: the framework's ECDSA, signatures as R and S of 32 bytes each (IEEE P1363, RFC 7518, section 3.4). Public
/// keys are SubjectPublicKeyInfo, private ones PKCS#8.
/// </summary>
internal sealed class EcdsaP256 : SignatureAlgorithm
{
    private const DSASignatureFormat Format = DSASignatureFormat.IeeeP1363FixedFieldConcatenation;
    private const int CoordinateLength = 32;
    private static readonly ECCurve P256 = ECCurve.NamedCurves.nistP256;

    public override string Name => "ES256";

    public override int SignatureLength => 2 * CoordinateLength;

    public override KeyPair Generate()
    {
        using var key = ECDsa.Create(P256);
        return new KeyPair(key.ExportSubjectPublicKeyInfo(), key.ExportPkcs8PrivateKey());
    }

    public override ISigner ImportPrivate(ReadOnlySpan<byte> privateKey)
    {
        var handles = new ECDsa[Environment.ProcessorCount];
        for (var i = 0; i < handles.Length; i++)
        {
            handles[i] = ECDsa.Create();
            handles[i].ImportPkcs8PrivateKey(privateKey, out _);
        }

        return new Handles(handles);
    }

    public override IVerifier ImportPublic(ReadOnlySpan<byte> publicKey)
    {
        var handles = new ECDsa[Environment.ProcessorCount];
        for (var i = 0; i < handles.Length; i++)
        {
            handles[i] = Import(publicKey);
        }

        return new Handles(handles);
    }

    public override IReadOnlyDictionary<string, string> Jwk(ReadOnlySpan<byte> publicKey)
    {
        using var key = Import(publicKey);
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        return new Dictionary<string, string>
        {
            ["kty"] = "EC",
            ["crv"] = "P-256",
            ["x"] = Base64Url.EncodeToString(point.X),
            ["y"] = Base64Url.EncodeToString(point.Y),
            ["alg"] = "ES256",
        };
    }

    private static ECDsa Import(ReadOnlySpan<byte> publicKey)
    {
        var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(publicKey, out _);
        return key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value == P256.Oid.Value
            ? key
            : throw new CryptographicException("The key is not on P-256.");
    }

    /// <summary>
    /// One key, imported once per processor: the framework does not promise that a handle serves several threads at
    /// once, and an import takes ten times as long as a signature.
    /// </summary>
    private sealed class Handles(ECDsa[] handles) : ISigner, IVerifier
    {
        public byte[] Sign(ReadOnlySpan<byte> data)
        {
            var signature = new byte[2 * CoordinateLength];
            var handle = Mine();
            lock (handle)
            {
                handle.SignData(data, signature, HashAlgorithmName.SHA256, Format);
            }

            return signature;
        }

        public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
        {
            if (signature.Length != 2 * CoordinateLength)
            {
                return false;
            }

            var handle = Mine();
            lock (handle)
            {
                return handle.VerifyData(data, signature, HashAlgorithmName.SHA256, Format);
            }
        }

        public void Dispose()
        {
            foreach (var handle in handles)
            {
                lock (handle)
                {
                    handle.Dispose();
                }
            }
        }

        private ECDsa Mine() => handles[(uint)Thread.GetCurrentProcessorId() % (uint)handles.Length];
    }
}
