using System.Text;
using System.Text.Json;

namespace Gatehouse.Fuzzing;

/// <summary>Changes bytes by a seed, as torn writes, lost pages, other versions and hostile hands do.</summary>
internal static class Mutation
{
    private static readonly string[] Values =
    [
        "null", "true", "0", "-1", "1", "2", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "1e400",
        "1.5", "\"\"", "\"x\"", "\"\\ud800\"", "\"0001-01-01T00:00:00\"", "[]", "[null]", "{}", "{\"a\":null}",
        "\"24:00:00\"", "\"AA==\"",
    ];

    private static readonly string[] Texts =
    [
        "", "-", "+", ".", " ", "\n", "\0", ":", "0", "9", "-1", "99999999999999999999", "NaN", "\ud83d", "é", "\u2029", "\"",
        "=", "%", "/",
    ];

    /// <summary>The bytes with one to four changes.</summary>
    public static byte[] Of(Random random, byte[] original)
    {
        var bytes = original;
        for (var changes = random.Next(1, 5); changes > 0; changes--)
        {
            bytes = random.Next(3) == 0 && TryReplaceValue(random, bytes) is { } json ? json : Once(random, bytes);
        }

        return bytes;
    }

    public static string Of(Random random, string original) => random.Next(2) == 0
        ? Encoding.UTF8.GetString(Of(random, Encoding.UTF8.GetBytes(original)))
        : original.Insert(random.Next(original.Length + 1), Texts[random.Next(Texts.Length)]);

    /// <summary>Bytes that nothing was made of.</summary>
    public static byte[] Noise(Random random, int lengthMax)
    {
        var bytes = new byte[random.Next(lengthMax + 1)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Once(Random random, byte[] bytes)
    {
        var (from, to) = (random.Next(bytes.Length + 1), random.Next(bytes.Length + 1));
        (from, to) = (Math.Min(from, to), Math.Min(Math.Max(from, to), Math.Min(from, to) + 64));
        return random.Next(8) switch
        {
            0 when from < bytes.Length => Set(bytes, from, (byte)(bytes[from] ^ (1 << random.Next(8)))),
            1 when from < bytes.Length => Set(bytes, from, (byte)random.Next(256)),
            2 => [.. bytes[..from], .. bytes[to..]],
            3 => [.. bytes[..from], .. Noise(random, 16), .. bytes[from..]],
            4 => bytes[..from],
            // A part of itself at another place: what is there is well-formed, and not where it belongs.
            5 => [.. bytes[..to], .. bytes[from..to], .. bytes[to..]],
            6 => [.. bytes[..from], .. Repeated(bytes[from..to], random.Next(2, 200)), .. bytes[to..]],
            _ => [.. bytes[..from], .. Encoding.UTF8.GetBytes(Texts[random.Next(Texts.Length)]), .. bytes[to..]],
        };
    }

    private static byte[] Set(byte[] bytes, int at, byte value)
    {
        var changed = bytes.ToArray();
        changed[at] = value;
        return changed;
    }

    private static IEnumerable<byte> Repeated(byte[] part, int count) =>
        Enumerable.Repeat(part, count).SelectMany(static one => one);

    /// <summary>Puts another value in the place of one: what is left is JSON, and not what its reader was made for.</summary>
    private static byte[]? TryReplaceValue(Random random, byte[] bytes)
    {
        try
        {
            var places = new List<(int From, int To)>();
            var reader = new Utf8JsonReader(bytes);
            while (reader.Read())
            {
                if (reader.TokenType is not (JsonTokenType.PropertyName or JsonTokenType.EndArray or JsonTokenType.EndObject))
                {
                    var value = reader;
                    value.Skip();
                    places.Add(((int)reader.TokenStartIndex, (int)value.BytesConsumed));
                }
            }

            var (from, to) = places[random.Next(places.Count)];
            return [.. bytes[..from], .. Encoding.UTF8.GetBytes(Values[random.Next(Values.Length)]), .. bytes[to..]];
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
