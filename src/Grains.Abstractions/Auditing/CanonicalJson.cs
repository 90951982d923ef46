using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Gatehouse.Grains.Abstractions.Auditing;

/// <summary>
/// The JSON Canonicalization Scheme (RFC 8785): one sequence of bytes for one value. Members are sorted by their names'
/// UTF-16 code units, strings have the fewest escapes, numbers are written as ECMAScript writes a double.
/// </summary>
public static class CanonicalJson
{
    // The integers that a double holds exactly (RFC 7493, section 2.2).
    private const double IntegerMax = 9_007_199_254_740_991;

    /// <summary>Writes a value.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="value">The value.</param>
    /// <exception cref="FormatException">
    /// It has no canonical form, or one that says something else: a name given twice, a lone surrogate, an integer that
    /// a double does not hold. The text begins with the path.
    /// </exception>
    public static void Write(IBufferWriter<byte> output, JsonElement value) => Write(output, value, "");

    /// <summary>Writes a string.</summary>
    public static void WriteString(IBufferWriter<byte> output, string value)
    {
        ArgumentNullException.ThrowIfNull(output);
        Append(output, "\""u8);
        var start = 0;
        for (var i = 0; i < value.Length; i++)
        {
            if (Escape(value[i]) is { } escape)
            {
                AppendText(output, value.AsSpan(start, i - start));
                AppendText(output, escape);
                start = i + 1;
            }
        }

        AppendText(output, value.AsSpan(start));
        Append(output, "\""u8);
    }

    /// <summary>Writes a number as ECMAScript does (ECMA-262, Number::toString).</summary>
    public static string Number(double value)
    {
        if (!double.IsFinite(value))
        {
            throw new FormatException(" must be a finite number");
        }

        if (value == 0)
        {
            return "0";
        }

        var (digits, point) = Shortest(Math.Abs(value));
        var sign = value < 0 ? "-" : "";
        var count = digits.Length;
        return sign + point switch
        {
            _ when count <= point && point <= 21 => digits + new string('0', point - count),
            > 0 and <= 21 => $"{digits[..point]}.{digits[point..]}",
            > -6 and <= 0 => $"0.{new string('0', -point)}{digits}",
            _ => $"{digits[..1]}{(count == 1 ? "" : $".{digits[1..]}")}e{Exponent(point - 1)}",
        };
    }

    private static void Write(IBufferWriter<byte> output, JsonElement value, string path)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(output, value, path);
                break;
            case JsonValueKind.Array:
                WriteArray(output, value, path);
                break;
            case JsonValueKind.String:
                WriteString(output, Text(value, path));
                break;
            case JsonValueKind.Number:
                AppendText(output, Number(Exact(value, path)));
                break;
            case JsonValueKind.True:
                Append(output, "true"u8);
                break;
            case JsonValueKind.False:
                Append(output, "false"u8);
                break;
            default:
                Append(output, "null"u8);
                break;
        }
    }

    private static void WriteObject(IBufferWriter<byte> output, JsonElement value, string path)
    {
        var members = value.EnumerateObject().Select(member => (Name: Name(member, path), member.Value)).ToList();
        members.Sort(static (one, other) => string.CompareOrdinal(one.Name, other.Name));
        Append(output, "{"u8);
        for (var i = 0; i < members.Count; i++)
        {
            var (name, member) = members[i];
            if (i > 0)
            {
                if (members[i - 1].Name == name)
                {
                    throw new FormatException($"{path}.{name} must be given once");
                }

                Append(output, ","u8);
            }

            WriteString(output, name);
            Append(output, ":"u8);
            Write(output, member, $"{path}.{name}");
        }

        Append(output, "}"u8);
    }

    private static void WriteArray(IBufferWriter<byte> output, JsonElement value, string path)
    {
        var at = 0;
        Append(output, "["u8);
        foreach (var item in value.EnumerateArray())
        {
            if (at > 0)
            {
                Append(output, ","u8);
            }

            Write(output, item, string.Create(CultureInfo.InvariantCulture, $"{path}[{at++}]"));
        }

        Append(output, "]"u8);
    }

    private static double Exact(JsonElement value, string path)
    {
        if (!value.TryGetDouble(out var number) || !double.IsFinite(number))
        {
            throw new FormatException($"{path} must be a number that a double holds");
        }

        return Math.Abs(number) > IntegerMax && value.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') < 0
            ? throw new FormatException($"{path} must not be an integer beyond 9007199254740991; send it as a string")
            : number;
    }

    private static string Name(JsonProperty member, string path)
    {
        try
        {
            return WellFormed(member.Name);
        }
        catch (InvalidOperationException)
        {
            throw new FormatException($"{path} must not hold a name with a lone surrogate");
        }
    }

    private static string Text(JsonElement value, string path)
    {
        try
        {
            return WellFormed(value.GetString()!);
        }
        catch (InvalidOperationException)
        {
            throw new FormatException($"{path} must not hold a lone surrogate");
        }
    }

    private static string WellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]) && !(i + 1 < text.Length && char.IsSurrogatePair(text[i], text[++i])))
            {
                throw new InvalidOperationException("A lone surrogate.");
            }
        }

        return text;
    }

    private static string? Escape(char character) => character switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\b' => "\\b",
        '\t' => "\\t",
        '\n' => "\\n",
        '\f' => "\\f",
        '\r' => "\\r",
        < ' ' => $"\\u{(int)character:x4}",
        _ => null,
    };

    /// <summary>
    /// The fewest digits that mean this number, and where the point is, counted from the first of them.
    /// </summary>
    private static (string Digits, int Point) Shortest(double value)
    {
        var round = value.ToString("R", CultureInfo.InvariantCulture);
        var exponent = 0;
        var e = round.IndexOf('E', StringComparison.Ordinal);
        if (e >= 0)
        {
            exponent = int.Parse(round.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            round = round[..e];
        }

        var dot = round.IndexOf('.', StringComparison.Ordinal);
        var point = (dot < 0 ? round.Length : dot) + exponent;
        var digits = round.Replace(".", "", StringComparison.Ordinal);
        var leading = digits.Length - digits.TrimStart('0').Length;
        return (digits.Trim('0'), point - leading);
    }

    private static string Exponent(int exponent) =>
        string.Create(CultureInfo.InvariantCulture, $"{(exponent < 0 ? "-" : "+")}{Math.Abs(exponent)}");

    private static void Append(IBufferWriter<byte> output, ReadOnlySpan<byte> bytes) => output.Write(bytes);

    private static void AppendText(IBufferWriter<byte> output, ReadOnlySpan<char> text) =>
        Encoding.UTF8.GetBytes(text, output);
}
