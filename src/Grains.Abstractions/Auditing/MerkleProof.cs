using System.Numerics;

namespace Gatehouse.Grains.Abstractions.Auditing;

/// <summary>Neighbouring leaves of a tree: a proof is made of the roots of such (RFC 6962, section 2.1).</summary>
/// <param name="Start">The first one.</param>
/// <param name="End">The one after the last one.</param>
public readonly record struct MerkleRange(long Start, long End)
{
    /// <summary>How many leaves.</summary>
    public long Length => End - Start;
}

/// <summary>
/// Proofs that a leaf is in a tree, and that a tree begins with another one (RFC 6962, sections 2.1.1 and 2.1.2). They
/// are made of ranges, so that whoever stores hashes may look them up in any way; and verified as RFC 9162, sections
/// 2.1.3.2 and 2.1.4.2, has it.
/// </summary>
public static class MerkleProof
{
    /// <summary>No proof is longer: a tree has no more levels, and a consistency proof one hash more.</summary>
    public const int LengthMax = 64;

    /// <summary>The full subtrees of a tree, the largest first: the ranges of a <see cref="MerkleFrontier"/>.</summary>
    public static IReadOnlyList<MerkleRange> Frontier(long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        var ranges = new List<MerkleRange>(BitOperations.PopCount((ulong)size));
        for (long start = 0, rest = size; rest > 0; rest = size - start)
        {
            var length = 1L << BitOperations.Log2((ulong)rest);
            ranges.Add(new MerkleRange(start, start + length));
            start += length;
        }

        return ranges;
    }

    /// <summary>The ranges whose roots prove that a leaf is in a tree, from the leaf's sibling up.</summary>
    public static IReadOnlyList<MerkleRange> Inclusion(long index, long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);
        var ranges = new List<MerkleRange>();
        for (long start = 0, end = size; end - start > 1;)
        {
            var split = start + Split(end - start);
            if (index < split)
            {
                ranges.Add(new MerkleRange(split, end));
                end = split;
            }
            else
            {
                ranges.Add(new MerkleRange(start, split));
                start = split;
            }
        }

        ranges.Reverse();
        return ranges;
    }

    /// <summary>
    /// The ranges whose roots prove that a tree begins with a smaller one; none when that needs no proof: for equal
    /// sizes, and for an empty tree.
    /// </summary>
    public static IReadOnlyList<MerkleRange> Consistency(long first, long second)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, second);
        var ranges = new List<MerkleRange>();
        if (first == 0)
        {
            return ranges;
        }

        var (start, end) = (0L, second);
        while (first != end)
        {
            var split = start + Split(end - start);
            if (first <= split)
            {
                ranges.Add(new MerkleRange(split, end));
                end = split;
            }
            else
            {
                ranges.Add(new MerkleRange(start, split));
                start = split;
            }
        }

        if (start > 0)
        {
            // The smaller tree's own root is known to whoever verifies, so it is named only when it is a part of it.
            ranges.Add(new MerkleRange(start, end));
        }

        ranges.Reverse();
        return ranges;
    }

    /// <summary>Whether the leaf is in the tree, at that place.</summary>
    public static bool VerifyInclusion(
        ReadOnlySpan<byte> leafHash, long index, long size, IReadOnlyList<byte[]> proof, ReadOnlySpan<byte> root)
    {
        ArgumentNullException.ThrowIfNull(proof);
        if (index < 0 || index >= size || leafHash.Length != MerkleTree.HashLength || !AreHashes(proof))
        {
            return false;
        }

        var (node, last) = (index, size - 1);
        var hash = leafHash;
        foreach (var sibling in proof)
        {
            if (last == 0)
            {
                return false;
            }

            if ((node & 1) == 1 || node == last)
            {
                hash = MerkleTree.Node(sibling, hash);
                ToLeftChild(ref node, ref last);
            }
            else
            {
                hash = MerkleTree.Node(hash, sibling);
            }

            (node, last) = (node >> 1, last >> 1);
        }

        return last == 0 && hash.SequenceEqual(root);
    }

    /// <summary>Whether the second tree begins with the first one.</summary>
    public static bool VerifyConsistency(
        long first, long second, ReadOnlySpan<byte> firstRoot, ReadOnlySpan<byte> secondRoot,
        IReadOnlyList<byte[]> proof)
    {
        ArgumentNullException.ThrowIfNull(proof);
        if (first < 0 || first > second || !AreHashes(proof)
            || firstRoot.Length != MerkleTree.HashLength || secondRoot.Length != MerkleTree.HashLength)
        {
            return false;
        }

        if (first == 0)
        {
            // Anything begins with nothing.
            return proof.Count == 0 && firstRoot.SequenceEqual(MerkleTree.EmptyRoot)
                && (second > 0 || secondRoot.SequenceEqual(firstRoot));
        }

        if (first == second)
        {
            return proof.Count == 0 && firstRoot.SequenceEqual(secondRoot);
        }

        // A full tree is one node of the larger one, so its root is the first hash and is left out of the proof.
        var isWhole = BitOperations.IsPow2(first);
        return proof.Count > 0 && Climb(
            first - 1, second - 1, isWhole ? firstRoot : proof[0], proof.Skip(isWhole ? 0 : 1), firstRoot, secondRoot);
    }

    private static bool Climb(
        long node, long last, ReadOnlySpan<byte> start, IEnumerable<byte[]> proof, ReadOnlySpan<byte> firstRoot,
        ReadOnlySpan<byte> secondRoot)
    {
        while ((node & 1) == 1)
        {
            (node, last) = (node >> 1, last >> 1);
        }

        var small = start;
        var large = start;
        foreach (var sibling in proof)
        {
            if (last == 0)
            {
                return false;
            }

            if ((node & 1) == 1 || node == last)
            {
                small = MerkleTree.Node(sibling, small);
                large = MerkleTree.Node(sibling, large);
                ToLeftChild(ref node, ref last);
            }
            else
            {
                large = MerkleTree.Node(large, sibling);
            }

            (node, last) = (node >> 1, last >> 1);
        }

        return last == 0 && small.SequenceEqual(firstRoot) && large.SequenceEqual(secondRoot);
    }

    /// <summary>A node at the right edge has no sibling on some levels: those are passed over.</summary>
    private static void ToLeftChild(ref long node, ref long last)
    {
        while ((node & 1) == 0 && node != 0)
        {
            (node, last) = (node >> 1, last >> 1);
        }
    }

    private static bool AreHashes(IReadOnlyList<byte[]> proof) =>
        proof.Count <= LengthMax && proof.All(static hash => hash is { Length: MerkleTree.HashLength });

    /// <summary>The largest power of two below a size.</summary>
    private static long Split(long size) => 1L << BitOperations.Log2((ulong)(size - 1));
}
