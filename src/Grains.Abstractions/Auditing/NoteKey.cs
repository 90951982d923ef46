using System.Buffers.Binary;
using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Grains.Abstractions.SigningKeys;

namespace Gatehouse.Grains.Abstractions.Auditing;

/// <summary>
/// A public key that signs notes: ES256 as signature type 0x02, Ed25519 as 0x01 of
/// <see href="https://c2sp.org/signed-note"/>.
/// </summary>
public sealed class NoteKey
{
    private readonly SignatureAlgorithm _algorithm;
    private readonly IVerifier _verifier;

    /// <summary>Makes one.</summary>
    /// <param name="name">The key's name; a chain's keys are named as its origin.</param>
    /// <param name="algorithm">The name of a <see cref="SignatureAlgorithm"/>.</param>
    /// <param name="publicKey">The public key, in the algorithm's own encoding.</param>
    /// <exception cref="ArgumentException">The name or the algorithm is none.</exception>
    /// <exception cref="CryptographicException">The public key is none.</exception>
    public NoteKey(string name, string algorithm, ReadOnlySpan<byte> publicKey)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!NoteSignature.IsName(name))
        {
            throw new ArgumentException("The name of a key has no spaces and no '+'.", nameof(name));
        }

        _algorithm = SignatureAlgorithm.TryFind(algorithm, out var known)
            ? known
            : throw new ArgumentException($"There is no algorithm {algorithm}.", nameof(algorithm));
        _verifier = _algorithm.ImportPublic(publicKey);
        (Name, Id) = (name, IdOf(name, _algorithm, publicKey));
    }

    /// <summary>The key's name.</summary>
    public string Name { get; }

    /// <summary>The key's id in its signatures.</summary>
    public uint Id { get; }

    /// <summary>A signature as a note holds it.</summary>
    /// <param name="signature">The signature of the text's UTF-8 bytes, as the key's algorithm makes it.</param>
    public NoteSignature ToNote(byte[] signature)
    {
        ArgumentNullException.ThrowIfNull(signature);
        return signature.Length == _algorithm.SignatureLength
            ? new NoteSignature(Name, Id, IsEcdsa(_algorithm) ? ToDer(signature) : signature)
            : throw new ArgumentException($"{_algorithm.Name} has no such signature.", nameof(signature));
    }

    /// <summary>Whether the signature says that this key made it.</summary>
    public bool IsNamedBy(NoteSignature signature)
    {
        ArgumentNullException.ThrowIfNull(signature);
        return signature.Name == Name && signature.KeyId == Id;
    }

    /// <summary>Whether that is this key's signature of the text. Anything malformed is not.</summary>
    public bool Verify(string text, NoteSignature signature)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!IsNamedBy(signature))
        {
            return false;
        }

        var plain = IsEcdsa(_algorithm)
            ? FromDer(signature.Signature, _algorithm.SignatureLength)
            : signature.Signature;
        return plain is not null && _verifier.Verify(Encoding.UTF8.GetBytes(text), plain);
    }

    private static uint IdOf(string name, SignatureAlgorithm algorithm, ReadOnlySpan<byte> publicKey) =>
        BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(IsEcdsa(algorithm)
            ? publicKey
            : [.. Encoding.UTF8.GetBytes(name), (byte)'\n', 0x01, .. publicKey]));

    private static bool IsEcdsa(SignatureAlgorithm algorithm) => algorithm == SignatureAlgorithm.Es256;

    private static byte[] ToDer(ReadOnlySpan<byte> signature)
    {
        var half = signature.Length / 2;
        var der = new AsnWriter(AsnEncodingRules.DER);
        using (der.PushSequence())
        {
            der.WriteIntegerUnsigned(Significant(signature[..half]));
            der.WriteIntegerUnsigned(Significant(signature[half..]));
        }

        return der.Encode();
    }

    /// <summary>R and S side by side; null: not the one way in which DER writes two such numbers.</summary>
    private static byte[]? FromDer(byte[] der, int length)
    {
        var plain = new byte[length];
        try
        {
            var reader = new AsnReader(der, AsnEncodingRules.DER);
            var pair = reader.ReadSequence();
            reader.ThrowIfNotEmpty();
            var isRead = pair.ReadInteger() is var r && pair.ReadInteger() is var s
                && Write(r, plain.AsSpan(0, length / 2)) && Write(s, plain.AsSpan(length / 2));
            pair.ThrowIfNotEmpty();
            return isRead ? plain : null;
        }
        catch (AsnContentException)
        {
            return null;
        }
    }

    private static bool Write(BigInteger number, Span<byte> output) =>
        number.Sign >= 0 && number.GetByteCount(isUnsigned: true) is var length && length <= output.Length
        && number.TryWriteBytes(output[(output.Length - length)..], out _, isUnsigned: true, isBigEndian: true);

    private static ReadOnlySpan<byte> Significant(ReadOnlySpan<byte> number) =>
        number.TrimStart((byte)0) is { Length: > 0 } digits ? digits : number[..1];
}
