using System.Numerics;
using System.Security.Cryptography;

namespace Gatehouse.Grains.Abstractions.Auditing;

/// <summary>The hashes of a Merkle tree as RFC 6962, section 2.1, defines them.</summary>
public static class MerkleTree
{
    /// <summary>The length of a hash, bytes.</summary>
    public const int HashLength = SHA256.HashSizeInBytes;

    /// <summary>The root of a tree without leaves.</summary>
    public static byte[] EmptyRoot => SHA256.HashData([]);

    /// <summary>The hash of a leaf: SHA-256 of 0x00 and its bytes.</summary>
    public static byte[] Leaf(ReadOnlySpan<byte> bytes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([0]);
        hash.AppendData(bytes);
        return hash.GetHashAndReset();
    }

    /// <summary>The hash of an inner node: SHA-256 of 0x01 and its two children.</summary>
    public static byte[] Node(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        Span<byte> bytes = stackalloc byte[1 + (2 * HashLength)];
        bytes[0] = 1;
        left.CopyTo(bytes[1..]);
        right.CopyTo(bytes[(1 + HashLength)..]);
        return SHA256.HashData(bytes);
    }
}

/// <summary>
/// What has to be known of a tree to add to it: the roots of its full subtrees, the largest first, one for each bit
/// of its size.
/// </summary>
public sealed class MerkleFrontier
{
    private readonly byte[][] _roots;

    private MerkleFrontier(long size, byte[][] roots) => (Size, _roots) = (size, roots);

    /// <summary>A tree without leaves.</summary>
    public static MerkleFrontier Empty { get; } = new(0, []);

    /// <summary>How many leaves the tree has.</summary>
    public long Size { get; }

    /// <summary>The frontier, one root after the other.</summary>
    public byte[] ToBytes() => [.. _roots.SelectMany(static root => root)];

    /// <summary>Reads what <see cref="ToBytes"/> writes.</summary>
    /// <exception cref="FormatException">It is not the frontier of a tree of that size.</exception>
    public static MerkleFrontier Read(long size, ReadOnlySpan<byte> bytes)
    {
        if (size < 0 || bytes.Length != BitOperations.PopCount((ulong)size) * MerkleTree.HashLength)
        {
            throw new FormatException("The frontier does not fit the size of the tree.");
        }

        var roots = new byte[bytes.Length / MerkleTree.HashLength][];
        for (var i = 0; i < roots.Length; i++)
        {
            roots[i] = bytes.Slice(i * MerkleTree.HashLength, MerkleTree.HashLength).ToArray();
        }

        return new MerkleFrontier(size, roots);
    }

    /// <summary>The tree with more leaves, given by their hashes.</summary>
    public MerkleFrontier Append(IEnumerable<byte[]> leaves)
    {
        ArgumentNullException.ThrowIfNull(leaves);
        var (size, roots) = (Size, new List<byte[]>(_roots));
        foreach (var leaf in leaves)
        {
            var root = leaf;
            // Each trailing one of the size is a full subtree that the new one makes a larger one with.
            for (var bits = size; (bits & 1) == 1; bits >>= 1)
            {
                root = MerkleTree.Node(roots[^1], root);
                roots.RemoveAt(roots.Count - 1);
            }

            roots.Add(root);
            size++;
        }

        return new MerkleFrontier(size, [.. roots]);
    }

    /// <summary>The root of the whole tree.</summary>
    public byte[] Root()
    {
        if (_roots.Length == 0)
        {
            return MerkleTree.EmptyRoot;
        }

        var root = _roots[^1];
        for (var i = _roots.Length - 2; i >= 0; i--)
        {
            root = MerkleTree.Node(_roots[i], root);
        }

        return root;
    }
}
