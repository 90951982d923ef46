using System.Text;
using Microsoft.Extensions.Primitives;

namespace Gatehouse.AspNetCore.Idempotency;

/// <summary>
/// The header <c>Idempotency-Key</c> (draft-ietf-httpapi-idempotency-key-header, section 2.1): a string as RFC 9651,
/// section 3.3.3 has it, or the bare token that many clients send. One line, one key, 255 characters at most; no comma,
/// which behind a proxy could be two lines that were joined.
/// </summary>
public static class IdempotencyKeyHeader
{
    /// <summary>The header's name.</summary>
    public const string Name = "Idempotency-Key";

    /// <summary>How long a key may be, characters.</summary>
    public const int LengthMax = 255;

    /// <summary>Reads the header.</summary>
    /// <param name="lines">The header's lines.</param>
    /// <param name="key">The key without its quotes; null: there is none.</param>
    /// <returns>The rule that the header breaks; null: none.</returns>
    public static string? TryRead(StringValues lines, out string? key)
    {
        key = null;
        if (lines.Count == 0)
        {
            return null;
        }

        if (lines.Count > 1)
        {
            return "must be given once";
        }

        var text = (lines[0] ?? "").Trim(' ');
        var read = text.StartsWith('"') ? Quoted(text) : text.All(IsBare) ? text : null;
        if (read is not { Length: > 0 and <= LengthMax })
        {
            return $"must be one key of 1 to {LengthMax} characters without a comma, in quotes or without spaces";
        }

        key = read;
        return null;
    }

    private static bool IsBare(char letter) => letter is > ' ' and < '\x7f' and not (',' or '"' or ';');

    private static string? Quoted(string text)
    {
        var read = new StringBuilder(text.Length);
        for (var i = 1; i < text.Length; i++)
        {
            if (text[i] == '"')
            {
                // Parameters, or another member of a list: neither belongs to a key.
                return i == text.Length - 1 ? read.ToString() : null;
            }

            var isBrokenEscape = text[i] == '\\' && (++i == text.Length || text[i] is not ('"' or '\\'));
            if (isBrokenEscape || text[i] is < ' ' or >= '\x7f' or ',')
            {
                return null;
            }

            read.Append(text[i]);
        }

        return null;
    }
}
