using System.Globalization;

namespace Gatehouse.Grains.Abstractions;

/// <summary>
/// Times as answers, entries and notes write them: RFC 3339, UTC, with milliseconds. There is one text for each.
/// </summary>
public static class UtcMilliseconds
{
    /// <summary>How long each text is.</summary>
    public const int Length = 24;

    private const string Format = "yyyy-MM-ddTHH:mm:ss.fffZ";

    /// <summary>The text of a time.</summary>
    public static string ToText(DateTimeOffset time) =>
        time.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture);

    /// <summary>Writes the text of a time to a place for <see cref="Length"/> characters.</summary>
    public static void Write(DateTimeOffset time, Span<char> text)
    {
        if (!time.UtcDateTime.TryFormat(text, out _, Format, CultureInfo.InvariantCulture))
        {
            throw new ArgumentException($"There must be place for {Length} characters.", nameof(text));
        }
    }

    /// <summary>The time of a text; false: it is not exactly the text of a time.</summary>
    public static bool TryRead(string text, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(
            text, Format, CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time) && ToText(time) == text;
}
