using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Grains.Auditing;

/// <summary>The end of a chain: all that has to be known to add to it.</summary>
/// <param name="Hash">The hash of the last entry, hex; <see cref="AuditEntry.Genesis"/> without one.</param>
/// <param name="Tree">The frontier of its tree, whose size is the chain's.</param>
internal sealed record ChainEnd(string Hash, MerkleFrontier Tree)
{
    public static ChainEnd Empty { get; } = new(AuditEntry.Genesis, MerkleFrontier.Empty);

    public long Size => Tree.Size;

    public AuditHead Head(bool isFrozen = false) => new()
    {
        Size = Size,
        Hash = Hash,
        Root = Convert.ToHexStringLower(Tree.Root()),
        IsFrozen = isFrozen,
    };
}

/// <summary>The rules of a chain: each entry names the one before it, and all are the leaves of one tree.</summary>
internal static class AuditChain
{
    /// <summary>Makes the entries of events, and the end that the chain has with them.</summary>
    public static (ChainEnd Next, IReadOnlyList<AuditEntry> Entries) Append(
        string tenant, ChainEnd end, IReadOnlyList<AuditEvent> events, DateTimeOffset recordedAt)
    {
        var (entries, previous) = (new AuditEntry[events.Count], end.Hash);
        for (var i = 0; i < entries.Length; i++)
        {
            entries[i] = AuditEntry.Compose(tenant, end.Size + i, previous, recordedAt, events[i]);
            previous = Convert.ToHexStringLower(entries[i].Hash);
        }

        return (new ChainEnd(previous, end.Tree.Append(entries.Select(static entry => entry.Hash))), entries);
    }

    /// <summary>Takes in stored entries that follow the end; null when they do not.</summary>
    public static ChainEnd? Adopt(string tenant, ChainEnd end, IReadOnlyList<byte[]> stored)
    {
        var (seq, previous, leaves) = (end.Size, end.Hash, new List<byte[]>(stored.Count));
        foreach (var bytes in stored)
        {
            if (!IsNext(bytes, tenant, seq++, previous, out var hash))
            {
                return null;
            }

            leaves.Add(hash);
            previous = Convert.ToHexStringLower(hash);
        }

        return new ChainEnd(previous, end.Tree.Append(leaves));
    }

    /// <summary>Whether an entry that is stored already is that event's, whenever it was recorded.</summary>
    public static bool IsSame(string tenant, byte[] stored, AuditEvent audited)
    {
        var (entry, _, previous, recordedAt) = AuditEntry.Read(stored);
        var same = AuditEntry.Compose(tenant, entry.Seq, previous, recordedAt, audited);
        return same.Bytes.AsSpan().SequenceEqual(stored);
    }

    /// <summary>Whether two stores answered the same entries, as many as they were asked for.</summary>
    public static bool AreSame(int count, IReadOnlyList<byte[]> stored, IReadOnlyList<byte[]> kept) =>
        stored.Count == count && kept.Count == count
        && stored.Zip(kept).All(static pair => pair.First.AsSpan().SequenceEqual(pair.Second));

    private static bool IsNext(byte[] bytes, string tenant, long seq, string previous, out byte[] hash)
    {
        hash = [];
        try
        {
            var (entry, owner, before, _) = AuditEntry.Read(bytes);
            hash = entry.Hash;
            return (owner, entry.Seq, before) == (tenant, seq, previous);
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
