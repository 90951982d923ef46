using System.Text;

namespace Gatehouse.Grains.Abstractions.Auditing;

/// <summary>
/// The receipt of one entry: a checkpoint and the proof that the entry is in it
/// (<see href="https://c2sp.org/tlog-proof"/>).
/// </summary>
public sealed record TlogProof
{
    private const string Header = "c2sp.org/tlog-proof@v1";
    private const string ExtraMark = "extra ";
    private const string IndexMark = "index ";

    /// <summary>The entry's place.</summary>
    public required long Index { get; init; }

    /// <summary>The inclusion proof (RFC 6962, section 2.1.1) in the tree of the checkpoint.</summary>
    public required IReadOnlyList<byte[]> Hashes { get; init; }

    /// <summary>The checkpoint.</summary>
    public required SignedNote Checkpoint { get; init; }

    /// <summary>Anything else, which nothing vouches for; null: nothing.</summary>
    public byte[]? Extra { get; init; }

    /// <summary>Reads a receipt. Nothing is verified by that.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static TlogProof Read(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var end = text.IndexOf("\n\n", StringComparison.Ordinal);
        if (end < 0 || end > SignedNote.SizeMax)
        {
            throw new FormatException("A receipt has a proof, an empty line and a checkpoint.");
        }

        var lines = text[..end].Split('\n');
        var at = lines is [Header, _, ..] ? 1 : throw new FormatException($"A receipt begins with {Header}.");
        byte[]? extra = null;
        if (lines[at].StartsWith(ExtraMark, StringComparison.Ordinal))
        {
            extra = CanonicalText.Base64(lines[at++][ExtraMark.Length..]) is { Length: > 0 } bytes
                ? bytes
                : throw new FormatException("A receipt with nothing extra has no line for it.");
        }

        if (at == lines.Length || !lines[at].StartsWith(IndexMark, StringComparison.Ordinal))
        {
            throw new FormatException("A receipt has the index of its entry.");
        }

        var index = CanonicalText.Decimal(lines[at][IndexMark.Length..]);
        var hashes = lines[(at + 1)..];
        return hashes.Length <= MerkleProof.LengthMax
            ? new TlogProof
            {
                Index = index,
                Hashes = [.. hashes.Select(CanonicalText.Base64Hash)],
                Checkpoint = SignedNote.Read(text[(end + 2)..]),
                Extra = extra,
            }
            : throw new FormatException("A receipt has no more hashes than a tree has levels.");
    }

    /// <summary>The receipt as it is stored and sent.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Header).Append('\n');
        if (Extra is { Length: > 0 })
        {
            text.Append(ExtraMark).Append(Convert.ToBase64String(Extra)).Append('\n');
        }

        text.Append(IndexMark).Append(CanonicalText.Decimal(Index)).Append('\n');
        foreach (var hash in Hashes)
        {
            text.Append(Convert.ToBase64String(hash)).Append('\n');
        }

        return text.Append('\n').Append(Checkpoint).ToString();
    }
}
