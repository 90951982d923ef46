using System.Buffers;
using System.Globalization;

namespace Gatehouse.Grains.Abstractions.Auditing;

/// <summary>
/// Bytes, numbers and times as notes and exports write them. There is one text for each value: a file with a byte that
/// could be another one would be a file that is not all signed.
/// </summary>
internal static class CanonicalText
{
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    public static byte[] Base64(string text)
    {
        var bytes = new byte[(text.Length / 4 * 3) + 3];
        // The decoder skips white space and ignores unused bits; what it read is what stands here if it writes it back.
        return Convert.TryFromBase64String(text, bytes, out var length)
            && Convert.ToBase64String(bytes, 0, length) == text
            ? bytes[..length]
            : throw new FormatException($"'{Short(text)}' is not canonical base64.");
    }

    public static byte[] Base64Hash(string text) =>
        Base64(text) is { Length: MerkleTree.HashLength } hash
            ? hash
            : throw new FormatException($"'{Short(text)}' is not a hash of {MerkleTree.HashLength} bytes.");

    public static byte[] HexHash(string text)
    {
        if (text.Length != 2 * MerkleTree.HashLength || text.AsSpan().ContainsAnyExcept(HexDigits))
        {
            throw new FormatException($"'{Short(text)}' is not a hash of {MerkleTree.HashLength} bytes in lower hex.");
        }

        return Convert.FromHexString(text);
    }

    public static long Decimal(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && Decimal(number) == text
            ? number
            : throw new FormatException($"'{Short(text)}' is not a decimal number without leading zeroes.");

    public static string Decimal(long number) => number.ToString(CultureInfo.InvariantCulture);

    public static DateTimeOffset Time(string text) =>
        UtcMilliseconds.TryRead(text, out var time)
            ? time
            : throw new FormatException($"'{Short(text)}' is not a time such as 2026-11-26T17:00:00.000Z.");

    /// <summary>As much of a text as a message may repeat.</summary>
    private static string Short(string text) => text.Length <= 80 ? text : $"{text[..80]}…";
}
