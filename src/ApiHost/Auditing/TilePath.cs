using System.Globalization;

namespace Gatehouse.ApiHost.Auditing;

/// <summary>
/// Which tile, as C2SP tlog-tiles writes it: <c>x001/x234/067</c>, with <c>.p/W</c> behind it for a part.
/// </summary>
/// <param name="Index">The tile's place in its level.</param>
/// <param name="Width">How many hashes, or entries.</param>
internal readonly record struct TilePath(long Index, int Width)
{
    /// <summary>How many a full tile has.</summary>
    public const int WidthMax = 256;

    private const int LevelMax = 63;

    // 18 digits: more than any chain has.
    private const int PartsMax = 6;

    /// <summary>Reads a level, 0 to 63.</summary>
    public static bool TryParseLevel(string text, out int level) =>
        IsNumber(text, 2, out level) && level <= LevelMax && (text.Length == 1 || text[0] != '0');

    /// <summary>Reads a path. Only the one way in which an index is written is one.</summary>
    public static bool TryParse(string? path, out TilePath tile)
    {
        tile = default;
        var (index, width, parts) = (0L, WidthMax, (path ?? "").Split('/'));
        if (parts.Length >= 2 && parts[^2].EndsWith(".p", StringComparison.Ordinal))
        {
            if (!IsNumber(parts[^1], 3, out width) || width is < 1 or >= WidthMax || parts[^1][0] == '0')
            {
                return false;
            }

            parts = [.. parts[..^2], parts[^2][..^2]];
        }

        if (parts.Length is 0 or > PartsMax)
        {
            return false;
        }

        for (var i = 0; i < parts.Length; i++)
        {
            var isLast = i == parts.Length - 1;
            var digits = isLast ? parts[i] : parts[i].StartsWith('x') ? parts[i][1..] : "";
            if (digits.Length != 3 || !IsNumber(digits, 3, out var number) || (i == 0 && !isLast && number == 0))
            {
                return false;
            }

            index = (index * 1000) + number;
        }

        tile = new TilePath(index, width);
        return true;
    }

    private static bool IsNumber(string text, int lengthMax, out int number)
    {
        number = 0;
        // The parser takes NULs behind a number.
        return text.Length <= lengthMax && !text.AsSpan().ContainsAnyExceptInRange('0', '9')
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
