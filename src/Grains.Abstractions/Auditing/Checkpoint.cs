namespace Gatehouse.Grains.Abstractions.Auditing;

/// <summary>
/// The head of a chain at one time, as it is signed (<see href="https://c2sp.org/tlog-checkpoint"/>).
/// </summary>
/// <param name="Origin">Which chain: <c>{deployment}/{region}/{tenant}</c>. Its keys have this name, too.</param>
/// <param name="Size">How many entries.</param>
/// <param name="Root">The root of the tree of all of them.</param>
/// <param name="SignedAt">When it was signed, to the millisecond.</param>
public sealed record Checkpoint(string Origin, long Size, byte[] Root, DateTimeOffset SignedAt)
{
    private const string TimeMark = "time ";

    /// <summary>The text of its note: what is signed.</summary>
    public string Text =>
        $"{Origin}\n{CanonicalText.Decimal(Size)}\n{Convert.ToBase64String(Root)}\n"
        + $"{TimeMark}{UtcMilliseconds.ToText(SignedAt)}\n";

    /// <summary>The name of an origin.</summary>
    public static string NameOf(string deployment, string region, string tenant) => $"{deployment}/{region}/{tenant}";

    /// <summary>
    /// Reads the text of a note. Lines after the time are for newer versions: they are signed, too, and not looked at.
    /// </summary>
    /// <exception cref="FormatException">It is not the text of a checkpoint.</exception>
    public static Checkpoint Read(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var lines = text.Split('\n');
        if (lines.Length < 5 || lines[^1].Length > 0 || lines[..^1].Any(static line => line.Length == 0))
        {
            throw new FormatException("A checkpoint has an origin, a size, a root and a time, a line each.");
        }

        if (!lines[3].StartsWith(TimeMark, StringComparison.Ordinal))
        {
            throw new FormatException("The fourth line of a checkpoint is the time when it was signed.");
        }

        var (size, root) = (CanonicalText.Decimal(lines[1]), CanonicalText.Base64Hash(lines[2]));
        return size > 0 || root.AsSpan().SequenceEqual(MerkleTree.EmptyRoot)
            ? new Checkpoint(lines[0], size, root, CanonicalText.Time(lines[3][TimeMark.Length..]))
            : throw new FormatException("A chain without entries has one root only.");
    }
}
