using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.ApiHost.Http;

/// <summary>
/// The text of an API key: <c>gh_{tenant}.{name}_{43 random}{6 check}</c>. The prefix is for secret scanners; the check
/// digits refuse a mistyped key without asking anybody; the id names the tenant, so that a leaked key says whose it is.
/// </summary>
internal static class ApiKeyToken
{
    public const string Prefix = "gh_";
    public const int LengthMax = 200;

    private const string Base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const int SecretLength = 43;
    private const int CheckLength = 6;

    /// <summary>Makes a new key of 256 random bits for a tenant.</summary>
    public static (string Id, string Token) Create(string tenant)
    {
        var id = $"{tenant}.{RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz0123456789", 10)}";
        return (id, CreateFor(id));
    }

    /// <summary>Makes a new key with an id of one's own.</summary>
    public static string CreateFor(string id)
    {
        var body = $"{Prefix}{id}_{RandomNumberGenerator.GetString(Base62, SecretLength)}";
        return body + Check(body);
    }

    /// <summary>Splits a key's text; false when it cannot be one.</summary>
    public static bool TryParse(ReadOnlySpan<char> token, out ReadOnlySpan<char> tenant, out ReadOnlySpan<char> id)
    {
        tenant = id = default;
        var secretAt = token.LastIndexOf('_') + 1;
        if (token.Length > LengthMax || !token.StartsWith(Prefix, StringComparison.Ordinal) || secretAt <= Prefix.Length
            || token.Length - secretAt != SecretLength + CheckLength)
        {
            return false;
        }

        id = token[Prefix.Length..(secretAt - 1)];
        var dot = id.IndexOf('.');
        if (dot <= 0 || !Check(token[..^CheckLength]).AsSpan().SequenceEqual(token[^CheckLength..]))
        {
            return false;
        }

        tenant = id[..dot];
        return TenantNames.IsTenant(tenant);
    }

    /// <summary>SHA-256 of the whole key, lower-case hex: all that is ever stored of it.</summary>
    public static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    /// <summary>Whether the text is the key with that hash, in the same time wherever they differ.</summary>
    public static bool Matches(ReadOnlySpan<char> token, string hash)
    {
        Span<byte> text = stackalloc byte[LengthMax];
        Span<byte> actual = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> expected = stackalloc byte[SHA256.HashSizeInBytes];
        var isText = Encoding.ASCII.TryGetBytes(token, text, out var length);
        SHA256.HashData(text[..length], actual);
        var isHash = Convert.FromHexString(hash, expected, out _, out _) is System.Buffers.OperationStatus.Done;
        return CryptographicOperations.FixedTimeEquals(actual, expected) && isText && isHash;
    }

    private static string Check(ReadOnlySpan<char> body) =>
        string.Create(CheckLength, Crc(body), static (digits, crc) =>
        {
            for (var i = digits.Length - 1; i >= 0; i--, crc /= 62)
            {
                digits[i] = Base62[(int)(crc % 62)];
            }
        });

    private static uint Crc(ReadOnlySpan<char> text)
    {
        var crc = uint.MaxValue;
        foreach (var character in text)
        {
            crc = BitOperations.Crc32C(crc, character);
        }

        return ~crc;
    }
}
