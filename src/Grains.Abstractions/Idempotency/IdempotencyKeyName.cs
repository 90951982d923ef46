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

    /// <summary>Builds the name.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="endpoint">The endpoint, a method and a path without the ids in it.</param>
    /// <param name="key">The caller's key.</param>
    public static string Of(string tenant, string endpoint, string key) =>
        $"idempotency:tenant:{Encode(tenant)}:ep:{Encode(endpoint)}:{Encode(key)}";

    /// <summary>
    /// Encodes <c>%</c>, <c>:</c>, <c>{</c>, <c>}</c> and control characters. Braces, because a store that is a cluster
    /// would put all keys with the same text between them on one server.
    /// </summary>
    public static string Encode(string part)
    {
        ArgumentNullException.ThrowIfNull(part);
        if (!part.Any(IsEncoded))
        {
            return part;
        }

        var encoded = new StringBuilder(part.Length + 8);
        foreach (var letter in part)
        {
            if (IsEncoded(letter))
            {
                encoded.Append('%').Append(((int)letter).ToString("X2", CultureInfo.InvariantCulture));
            }
            else
            {
                encoded.Append(letter);
            }
        }

        return encoded.ToString();
    }

    private static bool IsEncoded(char letter) => letter is '%' or ':' or '{' or '}' or < ' ' or '\x7f';
}
