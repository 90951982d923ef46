using System.Buffers;
using System.Globalization;
using System.Text;

namespace Gatehouse.Grains.Abstractions.Idempotency;

/// <summary>
/// The name under which one key of one endpoint of one tenant is stored:
/// <c>idempotency:tenant:{tenant}:ep:{endpoint}:{key}</c>. Each part is percent-encoded where it holds what parts a
/// name, so that no two of them have the same name.
/// </summary>
public static class IdempotencyKeyName
{
    /// <summary>How long a caller's key may be, characters.</summary>
    public const int KeyLengthMax = 255;

    private const string HexDigits = "0123456789ABCDEF";

    private static readonly SearchValues<char> Encoded = SearchValues.Create(
        ['%', ':', '{', '}', '\x7f', .. Enumerable.Range(0, ' ').Select(static code => (char)code)]);

    /// <summary>Builds the name.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="endpoint">The endpoint, a method and a path without the ids in it.</param>
    /// <param name="key">The caller's key.</param>
    public static string Of(string tenant, string endpoint, string key) =>
        $"idempotency:tenant:{Encode(tenant)}:ep:{Encode(endpoint)}:{Encode(key)}";

    /// <summary>Takes a name apart; false for what <see cref="Of"/> does not write.</summary>
    public static bool TryParse(string name, out string tenant, out string endpoint, out string key)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Split(':') is ["idempotency", "tenant", var first, "ep", var second, var third])
        {
            (tenant, endpoint, key) = (Decode(first), Decode(second), Decode(third));
            if (Of(tenant, endpoint, key) == name)
            {
                return true;
            }
        }

        (tenant, endpoint, key) = ("", "", "");
        return false;
    }

    /// <summary>
    /// Encodes <c>%</c>, <c>:</c>, <c>{</c>, <c>}</c> and control characters. Braces, because a store that is a cluster
    /// would put all keys with the same text between them on one server.
    /// </summary>
    public static string Encode(string part)
    {
        ArgumentNullException.ThrowIfNull(part);
        var first = part.AsSpan().IndexOfAny(Encoded);
        if (first < 0)
        {
            return part;
        }

        var encoded = new StringBuilder(part, 0, first, part.Length + 16);
        foreach (var letter in part.AsSpan(first))
        {
            if (Encoded.Contains(letter))
            {
                encoded.Append('%').Append(HexDigits[letter >> 4]).Append(HexDigits[letter & 15]);
            }
            else
            {
                encoded.Append(letter);
            }
        }

        return encoded.ToString();
    }

    private static string Decode(string part)
    {
        var decoded = new StringBuilder(part.Length);
        for (var i = 0; i < part.Length; i++)
        {
            var digits = part[i] == '%' && i + 2 < part.Length ? part.AsSpan(i + 1, 2) : default;
            if (byte.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code))
            {
                decoded.Append((char)code);
                i += 2;
            }
            else
            {
                decoded.Append(part[i]);
            }
        }

        return decoded.ToString();
    }
}
