using System.Text;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.SigningKeys;

namespace Gatehouse.Verifier.Tests;

/// <summary>Whichever byte of an export is changed, it is found, and named for what it is.</summary>
public class SingleByteTests
{
    private static readonly byte[] Format = Encoding.ASCII.GetBytes("\"format\":\"gatehouse-audit-export/1\"");

    [Theory]
    [InlineData(0, 5, 5, "Ed25519")]
    [InlineData(0, 1, 1, "ES256")]
    [InlineData(3, 3, 8, "Ed25519")]
    [InlineData(7, 1, 9, "ES256")]
    public void AnyByte_Changed_IsFoundAndNamed(int from, int count, int size, string algorithm)
    {
        var key = new SampleKey("v1", SignatureAlgorithm.All.Single(known => known.Name == algorithm));
        var keys = new ChainKeys([key.Public]);
        var bytes = SampleChain.Of(size).Export(from, count, size, key).ToBytes();
        Assert.Equal(Verdicts.Fine, Verdicts.Of(bytes, keys, false));
        var (line, wrong) = (-1, new List<string>());
        for (var at = 0; at < bytes.Length; at++)
        {
            // The first line verifies a signature each time: fewer replacements there.
            foreach (var replacement in Replacements(bytes[at], line < 0))
            {
                var changed = bytes.ToArray();
                changed[at] = replacement;
                var verdict = Verdicts.Of(changed, keys, false);
                if (!Fits(verdict, changed, at, line, from))
                {
                    wrong.Add($"byte {at} of line {line}, '{(char)bytes[at]}' to '{(char)replacement}': {verdict}");
                }
            }

            line += bytes[at] == '\n' ? 1 : 0;
        }

        Assert.Empty(wrong);
    }

    [Theory]
    [InlineData(0, 5, 5)]
    [InlineData(3, 3, 8)]
    public void Export_CutAnywhere_IsTruncatedThere(int from, int count, int size)
    {
        var bytes = SampleChain.Of(size).Export(from, count, size).ToBytes();
        var start = Array.IndexOf(bytes, (byte)'\n') + 1;
        var seq = from;
        for (var length = start; length < bytes.Length; length++)
        {
            Assert.Equal($"truncate {seq}", Verdicts.Of(bytes[..length]));
            seq += bytes[length] == '\n' ? 1 : 0;
        }

        Assert.All(Enumerable.Range(0, start), length =>
            Assert.Equal(Verdicts.Unchecked, Verdicts.Of(bytes[..length])));
    }

    private static bool Fits(string verdict, byte[] changed, int at, int line, int from)
    {
        if (line >= 0)
        {
            // The last line feed is of no entry: without it, the last line is a part of one.
            return verdict == (at == changed.Length - 1 ? $"truncate {from + line}" : $"edit {from + line}");
        }

        var first = changed.AsSpan(0, Math.Max(0, changed.AsSpan().IndexOf((byte)'\n')));
        return first.IndexOf(Format) < 0
            ? verdict == Verdicts.Unchecked
            : verdict is "manifest" or "checkpoint" or "wrong_key";
    }

    private static IEnumerable<byte> Replacements(byte old, bool isFirstLine)
    {
        byte[] some = isFirstLine
            ? [(byte)'\n', (byte)'1', (byte)'"', (byte)(old ^ 1)]
            : [(byte)'\n', (byte)'1', (byte)'9', (byte)'A', (byte)'"', (byte)',', (byte)' ', 0xff, (byte)(old ^ 1),
                (byte)(old ^ 0x20)];
        return some.Distinct().Where(replacement => replacement != old);
    }
}
