using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Grains.SigningKeys.Envelopes;

/// <summary>Where a private key belongs; the envelope opens nowhere else.</summary>
/// <param name="Tenant">Whose it is.</param>
/// <param name="Ring">The region's name: each region has rings of its own.</param>
/// <param name="Number">The version.</param>
/// <param name="Algorithm">The algorithm's name.</param>
internal sealed record KeyPlace(string Tenant, string Ring, int Number, string Algorithm)
{
    /// <summary>Each part with its length, so that no two places have the same bytes.</summary>
    public byte[] AssociatedData()
    {
        var bytes = new List<byte>(128);
        Span<byte> length = stackalloc byte[4];
        foreach (var part in new[] { "gatehouse-private-key/1", Tenant, Ring, $"v{Number}", Algorithm })
        {
            var text = Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt32BigEndian(length, text.Length);
            bytes.AddRange(length);
            bytes.AddRange(text);
        }

        return [.. bytes];
    }
}

/// <summary>
/// Wraps private keys: AES-256-GCM (NIST SP 800-38D) with random nonces, which are good for 2^32 keys.
/// </summary>
internal sealed class KeyEncryptionKey
{
    /// <summary>The length of the key, bytes.</summary>
    public const int Length = 32;

    private const int NonceLength = 12;
    private const int TagLength = 16;

    private readonly byte[] _key;

    public KeyEncryptionKey(byte[] key)
    {
        _key = key;
        Id = Convert.ToHexStringLower(SHA256.HashData([.. "gatehouse-kek-id/1"u8, .. key]).AsSpan(0, 8));
    }

    /// <summary>Names the key; another key, another name.</summary>
    public string Id { get; }

    public WrappedKey Wrap(KeyPlace place, ReadOnlySpan<byte> privateKey)
    {
        var (nonce, ciphertext, tag) =
            (RandomNumberGenerator.GetBytes(NonceLength), new byte[privateKey.Length], new byte[TagLength]);
        using var aes = new AesGcm(_key, TagLength);
        aes.Encrypt(nonce, privateKey, ciphertext, tag, place.AssociatedData());
        return new WrappedKey(Id, nonce, ciphertext, tag);
    }

    /// <summary>Opens an envelope. The bytes are the caller's to wipe.</summary>
    /// <exception cref="CryptographicException">It was not wrapped by this key, for this place, or just so.</exception>
    public byte[] Unwrap(KeyPlace place, WrappedKey wrapped)
    {
        if (wrapped.Nonce.Length != NonceLength || wrapped.Tag.Length != TagLength)
        {
            throw new CryptographicException("The envelope is malformed.");
        }

        var privateKey = new byte[wrapped.Ciphertext.Length];
        using var aes = new AesGcm(_key, TagLength);
        aes.Decrypt(wrapped.Nonce, wrapped.Ciphertext, wrapped.Tag, privateKey, place.AssociatedData());
        return privateKey;
    }
}
