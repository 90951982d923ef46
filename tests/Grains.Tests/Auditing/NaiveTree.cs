using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Grains.Tests.Auditing;

/// <summary>A tree by the definition itself (RFC 6962, section 2.1), to check the shorter ways against.</summary>
internal sealed class NaiveTree(IReadOnlyList<byte[]> leaves)
{
    public static NaiveTree Published { get; } = new([.. new[]
    {
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    }.Select(leaf => MerkleTree.Leaf(Convert.FromHexString(leaf)))]);

    public static NaiveTree Of(int size) =>
        new([.. Enumerable.Range(0, size).Select(i => MerkleTree.Leaf([(byte)i, (byte)(i >> 8)]))]);

    public IReadOnlyList<byte[]> Leaves => leaves;

    public byte[] Root(long size) => Root(new MerkleRange(0, size));

    public byte[] Root(MerkleRange range)
    {
        if (range.Length <= 1)
        {
            return range.Length == 0 ? MerkleTree.EmptyRoot : leaves[(int)range.Start];
        }

        var split = 1L;
        while (split * 2 < range.Length)
        {
            split *= 2;
        }

        return MerkleTree.Node(
            Root(new MerkleRange(range.Start, range.Start + split)), Root(new MerkleRange(range.Start + split, range.End)));
    }

    public List<byte[]> Proof(IEnumerable<MerkleRange> ranges) => [.. ranges.Select(Root)];
}
