using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Auditing.Archive;

namespace Gatehouse.Grains.Auditing;

/// <summary>
/// A tree as tiles of 256 hashes (C2SP tlog-tiles). Tiles only ever grow: a full one never changes.
/// </summary>
internal static class TreeTiles
{
    /// <summary>How many hashes a full tile has.</summary>
    public const int Width = 256;

    private const int Height = 8;

    /// <summary>The tiles that are not full in a tree of that size: those that more leaves are added to.</summary>
    public static IReadOnlyList<(int Level, long Index)> Growing(long size)
    {
        var growing = new List<(int, long)>();
        for (var (level, count) = (0, size); count > 0; level++, count /= Width)
        {
            if (count % Width > 0)
            {
                growing.Add((level, count / Width));
            }
        }

        return growing;
    }

    /// <summary>The tiles that more leaves change or add.</summary>
    /// <param name="size">The size of the tree before.</param>
    /// <param name="growing">Its tiles that are not full.</param>
    /// <param name="leaves">The hashes of the new leaves.</param>
    public static IReadOnlyList<AuditTile> Append(
        long size, IReadOnlyList<AuditTile> growing, IReadOnlyList<byte[]> leaves)
    {
        var changed = new List<AuditTile>();
        var (level, count, added) = (0, size, leaves);
        while (added.Count > 0)
        {
            var full = new List<byte[]>();
            foreach (var tile in Grow(level, count, growing, added))
            {
                changed.Add(tile);
                if (tile.Hashes.Length == Width * MerkleTree.HashLength)
                {
                    full.Add(Root(tile.Hashes));
                }
            }

            (level, count, added) = (level + 1, count / Width, full);
        }

        return changed;
    }

    /// <summary>The root of the tree whose leaves are those hashes, as many as a power of two.</summary>
    public static byte[] Root(ReadOnlySpan<byte> hashes)
    {
        var nodes = hashes.ToArray();
        for (var length = nodes.Length; length > MerkleTree.HashLength; length /= 2)
        {
            for (var at = 0; at < length; at += 2 * MerkleTree.HashLength)
            {
                var pair = nodes.AsSpan(at, 2 * MerkleTree.HashLength);
                MerkleTree.Node(pair[..MerkleTree.HashLength], pair[MerkleTree.HashLength..])
                    .CopyTo(nodes.AsSpan(at / 2));
            }
        }

        return nodes[..MerkleTree.HashLength];
    }

    /// <summary>
    /// The tiles that a range of leaves needs, so that <see cref="Hash"/> finds them. The range is one of a proof: its
    /// start is a multiple of the power of two that is not smaller than its length.
    /// </summary>
    public static IEnumerable<(int Level, long Index)> Needed(long start, long end) =>
        Subtrees(start, end).Select(static subtree => TileOf(subtree).Tile);

    /// <summary>The hash of a range of leaves (RFC 6962, section 2.1).</summary>
    /// <exception cref="FormatException">A tile is missing, or is too short.</exception>
    public static byte[] Hash(
        long start, long end, IReadOnlyDictionary<(int Level, long Index), byte[]> tiles)
    {
        byte[]? hash = null;
        // The smallest subtree is the right-most one, and goes in first.
        foreach (var subtree in Subtrees(start, end).Reverse())
        {
            var (tile, from, count) = TileOf(subtree);
            var length = count * MerkleTree.HashLength;
            if (!tiles.TryGetValue(tile, out var hashes) || hashes.Length < (from * MerkleTree.HashLength) + length)
            {
                throw new FormatException($"Tile {tile.Level}/{tile.Index} of the tree is missing or too short.");
            }

            var root = Root(hashes.AsSpan(from * MerkleTree.HashLength, length));
            hash = hash is null ? root : MerkleTree.Node(root, hash);
        }

        return hash ?? MerkleTree.EmptyRoot;
    }

    private static List<AuditTile> Grow(
        int level, long count, IReadOnlyList<AuditTile> growing, IReadOnlyList<byte[]> added)
    {
        var tiles = new List<AuditTile>();
        for (var taken = 0; taken < added.Count;)
        {
            var (index, used) = ((count + taken) / Width, (int)((count + taken) % Width));
            var before = used == 0 ? [] : growing.Single(tile => (tile.Level, tile.Index) == (level, index)).Hashes;
            var more = Math.Min(Width - used, added.Count - taken);
            tiles.Add(new AuditTile(level, index,
            [
                .. before.AsSpan(0, used * MerkleTree.HashLength),
                .. added.Skip(taken).Take(more).SelectMany(static hash => hash),
            ]));
            taken += more;
        }

        return tiles;
    }

    /// <summary>The full subtrees that make up a range, from left to right: by their height and their place.</summary>
    private static IEnumerable<(int Height, long Place)> Subtrees(long start, long end)
    {
        while (start < end)
        {
            var height = (int)long.Log2(end - start);
            yield return (height, start >> height);
            start += 1L << height;
        }
    }

    /// <summary>Where the hashes are that a full subtree's root is made of.</summary>
    private static ((int Level, long Index) Tile, int From, int Count) TileOf((int Height, long Place) subtree)
    {
        var (level, inside) = Math.DivRem(subtree.Height, Height);
        var first = subtree.Place << inside;
        return ((level, first / Width), (int)(first % Width), 1 << inside);
    }
}
