using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.SigningKeys;

namespace Gatehouse.Verifier;

/// <summary>Reads a JSON Web Key Set (RFC 7517) as the product publishes it.</summary>
internal static class KeySetReader
{
    /// <exception cref="FormatException">It is none, or a key of it is none that signs checkpoints.</exception>
    public static ChainKeys Read(byte[] bytes)
    {
        try
        {
            using var json = JsonDocument.Parse(bytes);
            return new ChainKeys([.. json.RootElement.GetProperty("keys").EnumerateArray().Select(Key)]);
        }
        catch (Exception broken) when (broken is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new FormatException("is not a JSON Web Key Set", broken);
        }
    }

    private static ChainKey Key(JsonElement key)
    {
        var kid = Text(key, "kid");
        try
        {
            var (algorithm, publicKey) = (Text(key, "kty"), Text(key, "crv")) switch
            {
                ("EC", "P-256") => (SignatureAlgorithm.Es256, Point(Bytes(key, "x"), Bytes(key, "y"))),
                ("OKP", "Ed25519") => (SignatureAlgorithm.Ed25519, Bytes(key, "x")),
                var other => throw new FormatException($"key {kid} is of an unknown kind: {other}"),
            };
            _ = algorithm.ImportPublic(publicKey);
            var isRevoked = key.TryGetProperty("status", out var status) && status.GetString() == "revoked";
            return new ChainKey(kid, algorithm.Name, publicKey, isRevoked, isRevoked ? RevokedAt(key) : null);
        }
        catch (CryptographicException broken)
        {
            throw new FormatException($"key {kid} is not a public key", broken);
        }
    }

    private static byte[] Point(byte[] x, byte[] y)
    {
        using var key = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = x, Y = y },
        });
        return key.ExportSubjectPublicKeyInfo();
    }

    private static DateTimeOffset? RevokedAt(JsonElement key) =>
        !key.TryGetProperty("revokedAt", out var time) ? null
        : DateTimeOffset.TryParse(
            time.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at
        : throw new FormatException("a key's revokedAt is not a time");

    private static string Text(JsonElement key, string name) =>
        key.GetProperty(name).GetString() ?? throw new FormatException($"a key's {name} is not a text");

    private static byte[] Bytes(JsonElement key, string name) =>
        Base64Url.DecodeFromUtf8(Encoding.UTF8.GetBytes(Text(key, name)));
}
