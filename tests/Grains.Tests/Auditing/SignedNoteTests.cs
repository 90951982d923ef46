using System.Text;
using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Grains.Tests.Auditing;

/// <summary>Notes and their keys (c2sp.org/signed-note), with what other implementations signed.</summary>
public class SignedNoteTests
{
    private const string Text = "gatehouse/local/acme\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n"
        + "time 2026-11-26T17:00:00.000Z\n";

    // Made by `openssl dgst -sha256 -sign key.pem text`; the id is the beginning of the key's SHA-256.
    private const string EcKey = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAETfnb4p/JQmABdFgK0HDBnLMabT8twEYz83UXEbIbzukVB7a1"
        + "LW2BUpacLqVG9rbhD2J4OMiteiBGAz2vzHHSmw==";
    private const string EcLine = "— gatehouse/local/acme 18/LlTBFAiEA2RL8iXtFMCiKDXRhgzfTc+SsVtOpGXq9MJMNT0+6OlECIBxZCmMu"
        + "piG1HfXSdma/3SEItFNFA7Cazsj0G204FvaJ\n";

    // Made by Python's cryptography, with the first key of RFC 8032.
    private const string EdKey = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    private const string EdLine = "— gatehouse/local/acme FYbrtjhAXoagRKSOsvTC4hJU28FmZX+3jjXd0A0/WQpz8yh/U2Vhr4S/SYFvopsa"
        + "AOECblgMV6tsiCw0YaXJsmLelA0=\n";

    private static readonly NoteKey Ec = new("gatehouse/local/acme", "ES256", Convert.FromBase64String(EcKey));
    private static readonly NoteKey Ed = new("gatehouse/local/acme", "Ed25519", Convert.FromHexString(EdKey));

    [Fact]
    public void Note_ThatOthersSigned_Verifies()
    {
        var note = SignedNote.Read($"{Text}\n{EcLine}{EdLine}");

        Assert.Equal(Text, note.Text);
        Assert.Equal($"{Text}\n{EcLine}{EdLine}", note.ToString());
        Assert.True(Ec.Verify(note.Text, note.Signatures[0]));
        Assert.True(Ed.Verify(note.Text, note.Signatures[1]));
        Assert.False(Ec.Verify(note.Text, note.Signatures[1]));
        Assert.False(Ec.Verify(note.Text + "\n", note.Signatures[0]));
    }

    [Fact]
    public void Note_OfGoSumdb_Verifies()
    {
        // golang.org/x/mod/sumdb/note, note_test.go: the key is the type 0x01 and its 32 bytes.
        var key = Convert.FromBase64String("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
        var neumann = new NoteKey("PeterNeumann", "Ed25519", key.AsSpan(1));
        var note = SignedNote.Read(
            "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
            + "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n");

        Assert.Equal(0xc74f20a3u, neumann.Id);
        Assert.True(neumann.Verify(note.Text, note.Signatures[0]));
    }

    [Fact]
    public void Note_OfTheSpecification_IsReadAndWrittenTheSame()
    {
        const string Example = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\n"
            + "\u00e8d \u00e8 subito sera.\n\n"
            + "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9o"
            + "JKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";

        var note = SignedNote.Read(Encoding.UTF8.GetBytes(Example));

        Assert.EndsWith("subito sera.\n", note.Text, StringComparison.Ordinal);
        Assert.Equal(("quasimodo.example/salvatore", 0x367ba04bu), (note.Signatures[0].Name, note.Signatures[0].KeyId));
        Assert.Equal(Example, note.ToString());
    }

    [Fact]
    public void Note_WithAnyByteChanged_VerifiesNoMore()
    {
        foreach (var (key, line) in new[] { (Ec, EcLine), (Ed, EdLine) })
        {
            var bytes = Encoding.UTF8.GetBytes($"{Text}\n{line}");
            for (var at = 0; at < bytes.Length; at++)
            {
                var changes = new[] { 1, 2, 0x20, 0x80, bytes[at] ^ '\n', bytes[at] ^ ' ', bytes[at] ^ '=' };
                foreach (var change in changes.Where(change => change != 0))
                {
                    var changed = bytes.ToArray();
                    changed[at] ^= (byte)change;
                    Assert.False(Verifies(key, changed), $"byte {at} ^ {change}");
                }
            }
        }
    }

    [Fact]
    public void Note_CutAnywhere_VerifiesNoMore()
    {
        foreach (var (key, line) in new[] { (Ec, EcLine), (Ed, EdLine) })
        {
            var bytes = Encoding.UTF8.GetBytes($"{Text}\n{line}");
            Assert.True(Verifies(key, bytes));
            Assert.All(Enumerable.Range(0, bytes.Length), length => Assert.False(Verifies(key, bytes[..length])));
            Assert.All(Enumerable.Range(1, bytes.Length - 1), start => Assert.False(Verifies(key, bytes[start..])));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\n")]
    [InlineData("a\n\n")]
    [InlineData("a\n\n— n AAAAAAA=")]
    [InlineData("a\n\n- n AAAAAAA=\n")]
    [InlineData("a\n\n— n  AAAAAAA=\n")]
    [InlineData("a\n\n— n AAAAAAA= \n")]
    [InlineData("a\n\n— n+m AAAAAAA=\n")]
    [InlineData("a\n\n— n\u00a0m AAAAAAA=\n")]
    [InlineData("a\n\n—  AAAAAAA=\n")]
    [InlineData("a\n\n— n AAAA\n")]
    [InlineData("a\n\n— n AAAAAA==\n")]
    [InlineData("a\n\n— n AAAAAAB=\n")]
    [InlineData("a\n\n— n AAAA AAA=\n")]
    [InlineData("a\n\n— n AAAAAAA\n")]
    [InlineData("a\n\n— n AAAAAAA=\r\n")]
    [InlineData("a\tb\n\n— n AAAAAAA=\n")]
    [InlineData("a\n\n— n AAAAAAA=\nb\n")]
    public void Note_ThatIsNone_IsRefused(string note) => Assert.Throws<FormatException>(() => SignedNote.Read(note));

    [Fact]
    public void Note_WithTooMuch_IsRefused()
    {
        const string Line = "— n AAAAAAA=\n";
        Assert.Equal(100, SignedNote.Read("a\n\n" + string.Concat(Enumerable.Repeat(Line, 100))).Signatures.Count);
        Assert.Throws<FormatException>(() => SignedNote.Read("a\n\n" + string.Concat(Enumerable.Repeat(Line, 101))));
        Assert.Throws<FormatException>(() => SignedNote.Read(new string('a', SignedNote.SizeMax) + "\n\n" + Line));
        Assert.Throws<FormatException>(() => SignedNote.Read("\u00ff\n\n"u8[..^4]));
        Assert.Throws<FormatException>(() => SignedNote.Read([0xff, .. "\n\n— n AAAAAAA=\n"u8]));
        Assert.Throws<FormatException>(() => new SignedNote("\ud800\n", [new NoteSignature("n", 1, [1])]));
    }

    private static bool Verifies(NoteKey key, byte[] bytes)
    {
        try
        {
            var note = SignedNote.Read(bytes);
            return note.Signatures.Any(signature => key.Verify(note.Text, signature));
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
