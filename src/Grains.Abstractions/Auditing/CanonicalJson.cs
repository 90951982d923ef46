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
    /// <exception cref="CanonicalJsonException">
    /// It has no canonical form, or one that says something else: a name given twice, a lone surrogate, an integer that
    /// a double does not hold.
    /// </exception>
    public static void Write(IBufferWriter<byte> output, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(output, value);
                break;
            case JsonValueKind.Array:
                WriteArray(output, value);
                break;
            case JsonValueKind.String:
                WriteString(output, Text(value));
                break;
            case JsonValueKind.Number:
                AppendText(output, Number(Exact(value)));
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
            throw new CanonicalJsonException("", "must be a finite number");
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

    private static void WriteObject(IBufferWriter<byte> output, JsonElement value)
    {
        var members = value.EnumerateObject().Select(static member => (Name: Name(member), member.Value)).ToList();
        members.Sort(static (one, other) => string.CompareOrdinal(one.Name, other.Name));
        Append(output, "{"u8);
        for (var i = 0; i < members.Count; i++)
        {
            var (name, member) = members[i];
            if (i > 0)
            {
                if (members[i - 1].Name == name)
                {
                    throw new CanonicalJsonException($".{name}", "must be given once");
                }

                Append(output, ","u8);
            }

            WriteString(output, name);
            Append(output, ":"u8);
            try
            {
                Write(output, member);
            }
            catch (CanonicalJsonException broken)
            {
                // Put together on the way out only: for every member, paths would be what costs.
                throw broken.Under($".{name}");
            }
        }

        Append(output, "}"u8);
    }

    private static void WriteArray(IBufferWriter<byte> output, JsonElement value)
    {
        var at = 0;
        Append(output, "["u8);
        foreach (var item in value.EnumerateArray())
        {
            if (at > 0)
            {
                Append(output, ","u8);
            }

            try
            {
                Write(output, item);
            }
            catch (CanonicalJsonException broken)
            {
                throw broken.Under(string.Create(CultureInfo.InvariantCulture, $"[{at}]"));
            }

            at++;
        }

        Append(output, "]"u8);
    }

    private static double Exact(JsonElement value)
    {
        if (!value.TryGetDouble(out var number) || !double.IsFinite(number))
        {
            throw new CanonicalJsonException("", "must be a number that a double holds");
        }

        return Math.Abs(number) > IntegerMax && value.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') < 0
            ? throw new CanonicalJsonException(
                "", "must not be an integer beyond 9007199254740991; send it as a string")
            : number;
    }

    private static string Name(JsonProperty member)
    {
        try
        {
            return WellFormed(member.Name);
        }
        catch (InvalidOperationException)
        {
            throw new CanonicalJsonException("", "must not hold a name with a lone surrogate");
        }
    }

    private static string Text(JsonElement value)
    {
        try
        {
            return WellFormed(value.GetString()!);
        }
        catch (InvalidOperationException)
        {
            throw new CanonicalJsonException("", "must not hold a lone surrogate");
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

/// <summary>A value that has no canonical form.</summary>
/// <param name="path">Where in the value; empty: the value itself.</param>
/// <param name="rule">The rule that it breaks, in words.</param>
public sealed class CanonicalJsonException(string path, string rule) : FormatException($"{path} {rule}")
{
    private const int PathLengthMax = 200;

    /// <summary>Where in the value, such as <c>.a[1]</c>.</summary>
    public string Path => path;

    /// <summary>The rule that it breaks, in words.</summary>
    public string Rule => rule;

    /// <summary>The same, seen from one level up.</summary>
    public CanonicalJsonException Under(string segment) =>
        new(segment.Length + path.Length <= PathLengthMax ? segment + path : "…" + path, rule);
}
