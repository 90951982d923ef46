using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Gatehouse.ApiHost.Tests.Auditing;

/// <summary>
/// A client as somebody else writes it, from the texts of C2SP tlog-tiles and RFC 6962 alone: nothing of the product is
/// used for the paths, the tree or the bundles.
/// </summary>
internal static class ForeignTree
{
    private const int Width = 256;

    /// <summary>RFC 6962, section 2.1: MTH of a list of leaf hashes.</summary>
    public static byte[] Root(IReadOnlyList<byte[]> leaves)
    {
        if (leaves.Count <= 1)
        {
            return leaves.Count == 0 ? SHA256.HashData([]) : leaves[0];
        }

        var split = 1;
        while (split * 2 < leaves.Count)
        {
            split *= 2;
        }

        return SHA256.HashData([1, .. Root([.. leaves.Take(split)]), .. Root([.. leaves.Skip(split)])]);
    }

    public static byte[] Leaf(byte[] entry) => SHA256.HashData([0, .. entry]);

    /// <summary>All tiles of a level, each with how many hashes it has, as tlog-tiles counts them.</summary>
    public static IEnumerable<(string Path, int Width)> Tiles(string kind, int level, long treeSize)
    {
        var hashes = treeSize;
        for (var l = 0; l < level; l++)
        {
            hashes /= Width;
        }

        for (long index = 0; index * Width < hashes; index++)
        {
            var width = (int)Math.Min(Width, hashes - (index * Width));
            yield return ($"tile/{kind}/{Index(index)}{(width < Width ? $".p/{width}" : "")}", width);
        }
    }

    /// <summary>"Zero-padded 3-digit path elements, all but the last with an x": 1234067 is x001/x234/067.</summary>
    public static string Index(long index)
    {
        var path = (index % 1000).ToString("000", CultureInfo.InvariantCulture);
        for (index /= 1000; index > 0; index /= 1000)
        {
            path = $"x{(index % 1000).ToString("000", CultureInfo.InvariantCulture)}/{path}";
        }

        return path;
    }

    /// <summary>The entries of a bundle: each behind its length, a big-endian uint16.</summary>
    public static IEnumerable<byte[]> Entries(byte[] bundle)
    {
        for (var at = 0; at < bundle.Length;)
        {
            var length = BinaryPrimitives.ReadUInt16BigEndian(bundle.AsSpan(at));
            yield return bundle[(at + 2)..(at + 2 + length)];
            at += 2 + length;
        }
    }
}
