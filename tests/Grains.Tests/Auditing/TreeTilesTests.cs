using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Auditing;
using Gatehouse.Grains.Auditing.Archive;

namespace Gatehouse.Grains.Tests.Auditing;

/// <summary>Trees kept as tiles give the hashes that RFC 6962 defines, however they grew.</summary>
public class TreeTilesTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(256)]
    [InlineData(1000)]
    public void Append_InStepsOfAnySize_GivesTheTilesOfTheWholeTree(int step)
    {
        const int size = 70_000;
        var leaves = Leaves(step == 1 ? 1_000 : size);
        var grown = Grow(leaves, step);

        var whole = TreeTiles.Append(0, [], leaves).ToDictionary(tile => (tile.Level, tile.Index), tile => tile.Hashes);
        Assert.Equal(whole.Keys.Order(), grown.Keys.Order());
        Assert.All(whole, tile => Assert.Equal(tile.Value, grown[tile.Key]));
        if (size == leaves.Length)
        {
            // The example of the specification: 273 full tiles, one of 112; one full, one of 17; one of 1.
            Assert.Equal([(0, 274), (1, 2), (2, 1)],
                whole.Keys.GroupBy(tile => tile.Level).Select(level => (level.Key, level.Count())).Order());
            Assert.Equal((112 * 32, 17 * 32, 32), (whole[(0, 273)].Length, whole[(1, 1)].Length, whole[(2, 0)].Length));
        }
    }

    [Fact]
    public void Hash_OfEveryWholeTree_IsItsRoot()
    {
        var leaves = Leaves(1_300);
        var tiles = Grow(leaves, 100);
        var frontier = MerkleFrontier.Empty;
        for (var size = 0; size <= leaves.Length; size++)
        {
            Assert.Equal(frontier.Root(), TreeTiles.Hash(0, size, tiles));
            frontier = size < leaves.Length ? frontier.Append([leaves[size]]) : frontier;
        }
    }

    [Fact]
    public void Hash_OfASubtree_IsThatOfItsLeavesAlone()
    {
        var leaves = Leaves(70_000);
        var tiles = Grow(leaves, 4_096);
        foreach (var (start, end) in new[] { (0, 65_536), (65_536, 70_000), (512, 1_024), (768, 900), (69_999, 70_000) })
        {
            var alone = MerkleFrontier.Empty.Append(leaves[start..end]).Root();
            Assert.Equal(alone, TreeTiles.Hash(start, end, tiles));
            Assert.All(TreeTiles.Needed(start, end), needed => Assert.Contains(needed, tiles.Keys));
        }
    }

    [Fact]
    public void Hash_WithoutATile_IsRefused()
    {
        var tiles = Grow(Leaves(300), 300);
        tiles.Remove((0, 1));

        Assert.Throws<FormatException>(() => TreeTiles.Hash(0, 300, tiles));
        Assert.Throws<FormatException>(() => TreeTiles.Hash(0, 512, tiles));
        // Long enough for the length that is asked for, and not for its place.
        tiles[(0, 0)] = tiles[(0, 0)][..(160 * MerkleTree.HashLength)];
        Assert.Throws<FormatException>(() => TreeTiles.Hash(192, 256, tiles));
    }

    private static byte[][] Leaves(int count) =>
        [.. Enumerable.Range(0, count).Select(i => MerkleTree.Leaf(BitConverter.GetBytes(i)))];

    private static Dictionary<(int Level, long Index), byte[]> Grow(byte[][] leaves, int step)
    {
        var tiles = new Dictionary<(int Level, long Index), byte[]>();
        for (var size = 0; size < leaves.Length; size += step)
        {
            var growing = TreeTiles.Growing(size).Select(tile => new AuditTile(tile.Level, tile.Index, tiles[tile])).ToList();
            foreach (var tile in TreeTiles.Append(size, growing, [.. leaves.Skip(size).Take(step)]))
            {
                tiles[(tile.Level, tile.Index)] = tile.Hashes;
            }
        }

        return tiles;
    }
}
