using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.ApiHost.Http;

/// <summary>
/// The header <c>Idempotency-Key</c>: a string as RFC 9651, section 3.3.3 has it, or the bare token that many clients
/// send. One line, one key, 255 characters at most.
/// </summary>
internal static class IdempotencyKeyHeader
{
    private const string Name = "Idempotency-Key";
    private const int LengthMax = 255;

    /// <summary>Reads the header, if there is one; the fault, if it is not one key.</summary>
    public static FieldFault? TryRead(HttpRequest request, out string? key)
    {
        key = null;
        var lines = request.Headers[Name];
        if (lines.Count == 0)
        {
            return null;
        }

        if (lines.Count > 1)
        {
            return new FieldFault(Name, "must be given once");
        }

        var text = lines[0]!.Trim(' ');
        var read = text.StartsWith('"') ? Quoted(text) : text.All(IsBare) ? text : null;
        if (read is not { Length: > 0 and <= LengthMax })
        {
            return new FieldFault(
                Name, $"must be one key of 1 to {LengthMax} characters, in quotes or without spaces and commas");
        }

        key = read;
        return null;
    }

    private static bool IsBare(char letter) => letter is > ' ' and < '\x7f' and not (',' or '"' or ';');

    private static string? Quoted(string text)
    {
        var read = new System.Text.StringBuilder(text.Length);
        for (var i = 1; i < text.Length; i++)
        {
            if (text[i] == '"')
            {
                // Parameters, or another member of a list: neither belongs to a key.
                return i == text.Length - 1 ? read.ToString() : null;
            }

            var isBrokenEscape = text[i] == '\\' && (++i == text.Length || text[i] is not ('"' or '\\'));
            if (isBrokenEscape || text[i] is < ' ' or >= '\x7f')
            {
                return null;
            }

            read.Append(text[i]);
        }

        return null;
    }
}
