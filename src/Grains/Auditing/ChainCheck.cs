using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Grains.Auditing;

/// <summary>Verifies entries one after the other, by the entry before each and by the tree's own leaves.</summary>
internal static class ChainCheck
{
    /// <summary>What is wrong with the next entry; null: nothing.</summary>
    /// <param name="tenant">Whose chain it is.</param>
    /// <param name="seq">The entry's place.</param>
    /// <param name="previous">The hash of the entry before it, hex.</param>
    /// <param name="bytes">What is there; null: nothing.</param>
    /// <param name="leaf">The tree's leaf; null: it is not archived yet.</param>
    public static AuditFault? Next(string tenant, long seq, string previous, byte[]? bytes, byte[]? leaf)
    {
        if (bytes is null)
        {
            return new AuditFault(seq, "delete", leaf is null ? "an entry" : Convert.ToHexStringLower(leaf), "");
        }

        var actual = Convert.ToHexStringLower(MerkleTree.Leaf(bytes));
        try
        {
            var (entry, owner, before, _) = AuditEntry.Read(bytes);
            return leaf is not null && Convert.ToHexStringLower(leaf) is var expected && expected != actual
                ? new AuditFault(seq, entry.Seq != seq && before != previous ? "reorder" : "edit", expected, actual)
                : owner != tenant ? new AuditFault(seq, "edit", tenant, owner)
                : before != previous ? new AuditFault(seq, "edit", previous, before)
                : entry.Seq != seq ? new AuditFault(seq, "reorder", $"{seq}", $"{entry.Seq}")
                : null;
        }
        catch (FormatException)
        {
            return new AuditFault(seq, "edit", leaf is null ? "an entry" : Convert.ToHexStringLower(leaf), actual);
        }
    }
}
