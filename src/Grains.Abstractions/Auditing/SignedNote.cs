using System.Buffers.Binary;
using System.Text;

namespace Gatehouse.Grains.Abstractions.Auditing;

/// <summary>A signature of a note, by the key that its name and id stand for.</summary>
/// <param name="Name">The key's name.</param>
/// <param name="KeyId">The key's id: it tells keys of one name apart, it proves nothing.</param>
/// <param name="Signature">The signature, as the key's kind writes it.</param>
public sealed record NoteSignature(string Name, uint KeyId, byte[] Signature)
{
    internal static bool IsName(string name) =>
        name.Length > 0 && !name.Contains('+', StringComparison.Ordinal) && !name.Any(char.IsWhiteSpace)
        && !name.Any(static letter => letter < ' ');
}

/// <summary>
/// A text and its signatures, <see href="https://c2sp.org/signed-note"/>. There is one sequence of bytes for a note:
/// what is read is written back the same.
/// </summary>
public sealed class SignedNote
{
    /// <summary>How many bytes a note may have: room for 16 signatures of the longest kind.</summary>
    public const int SizeMax = 60_000;

    /// <summary>How many signatures a note may have.</summary>
    public const int SignaturesMax = 100;

    private const string Mark = "— ";
    private const int KeyIdLength = sizeof(uint);
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>Puts a note together.</summary>
    /// <param name="text">The text; it ends with a line feed.</param>
    /// <param name="signatures">At least one.</param>
    /// <exception cref="FormatException">They make no note.</exception>
    public SignedNote(string text, IReadOnlyList<NoteSignature> signatures)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(signatures);
        (Text, Signatures) = (text, signatures);
        Require(text.EndsWith('\n'), "The text of a note ends with a line feed.");
        Require(!text.Any(static letter => letter < ' ' && letter != '\n'), "A note has no control characters.");
        Require(signatures.Count is > 0 and <= SignaturesMax, $"A note has 1 to {SignaturesMax} signatures.");
        foreach (var signature in signatures)
        {
            Require(NoteSignature.IsName(signature.Name), "The name of a key has no spaces and no '+'.");
            Require(signature.Signature.Length > 0, "A signature of a note is not empty.");
        }

        try
        {
            Require(Strict.GetByteCount(ToString()) <= SizeMax, $"A note has at most {SizeMax} bytes.");
        }
        catch (EncoderFallbackException broken)
        {
            throw new FormatException("A note is valid UTF-8.", broken);
        }
    }

    /// <summary>What is signed, with its last line feed.</summary>
    public string Text { get; }

    /// <summary>The signatures, in their order.</summary>
    public IReadOnlyList<NoteSignature> Signatures { get; }

    /// <summary>Reads a note. Its signatures are not verified by that.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static SignedNote Read(ReadOnlySpan<byte> bytes)
    {
        Require(bytes.Length <= SizeMax, $"A note has at most {SizeMax} bytes.");
        try
        {
            return Read(Strict.GetString(bytes));
        }
        catch (DecoderFallbackException broken)
        {
            throw new FormatException("A note is valid UTF-8.", broken);
        }
    }

    /// <inheritdoc cref="Read(ReadOnlySpan{byte})"/>
    public static SignedNote Read(string note)
    {
        ArgumentNullException.ThrowIfNull(note);
        Require(note.Length <= SizeMax, $"A note has at most {SizeMax} bytes.");
        // The last empty line parts them: the text may hold others.
        var end = note.LastIndexOf("\n\n", StringComparison.Ordinal);
        Require(end >= 0, "A note has a text, an empty line and signatures.");
        var lines = note[(end + 2)..].Split('\n');
        Require(lines.Length > 1 && lines[^1].Length == 0, "The signatures of a note end with a line feed.");
        Require(lines.Length - 1 <= SignaturesMax, $"A note has 1 to {SignaturesMax} signatures.");
        return new SignedNote(note[..(end + 1)], [.. lines[..^1].Select(Signature)]);
    }

    /// <summary>The note as it is stored and sent.</summary>
    public override string ToString()
    {
        var note = new StringBuilder(Text).Append('\n');
        foreach (var (name, id, signature) in Signatures)
        {
            var bytes = new byte[KeyIdLength + signature.Length];
            BinaryPrimitives.WriteUInt32BigEndian(bytes, id);
            signature.CopyTo(bytes, KeyIdLength);
            note.Append(Mark).Append(name).Append(' ').Append(Convert.ToBase64String(bytes)).Append('\n');
        }

        return note.ToString();
    }

    private static NoteSignature Signature(string line)
    {
        var name = line.StartsWith(Mark, StringComparison.Ordinal) ? line[Mark.Length..] : "";
        var space = name.IndexOf(' ', StringComparison.Ordinal);
        Require(space > 0, "A signature of a note is a dash, a name and base64.");
        var bytes = CanonicalText.Base64(name[(space + 1)..]);
        Require(bytes.Length > KeyIdLength, "A signature of a note has a key id and is not empty.");
        return new NoteSignature(
            name[..space], BinaryPrimitives.ReadUInt32BigEndian(bytes), bytes[KeyIdLength..]);
    }

    private static void Require(bool condition, string rule)
    {
        if (!condition)
        {
            throw new FormatException(rule);
        }
    }
}
