using CsCheck;
using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Grains.Tests.Auditing;

/// <summary>
/// Proofs of RFC 6962, with the vectors that transparency-dev publishes (github.com/transparency-dev/merkle,
/// proof/verify_test.go; its leaves are counted from 1).
/// </summary>
public class MerkleProofTests
{
    private const string Leaf0And1 = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125";
    private const string Leaf0 = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
    private const string Leaf1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
    private const string Leaf2And3 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
    private const string Leaf4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
    private const string Leaf4And5 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";
    private const string Leaf4To7 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
    private const string Leaf6 = "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f";
    private const string Leaf6And7 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
    private const string Leaf0To3 = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7";

    private static readonly NaiveTree Large = NaiveTree.Of(70);

    public static TheoryData<long, long, string[]> PublishedInclusion { get; } = new()
    {
        { 0, 1, [] },
        { 0, 8, [Leaf1, Leaf2And3, Leaf4To7] },
        { 5, 8, [Leaf4, Leaf6And7, Leaf0To3] },
        { 2, 3, [Leaf0And1] },
        { 1, 5, [Leaf0, Leaf2And3, Leaf4] },
    };

    public static TheoryData<long, long, string[]> PublishedConsistency { get; } = new()
    {
        { 1, 1, [] },
        { 1, 8, [Leaf1, Leaf2And3, Leaf4To7] },
        { 6, 8, [Leaf4And5, Leaf6And7, Leaf0To3] },
        { 2, 5, [Leaf2And3, Leaf4] },
        { 6, 7, [Leaf4And5, Leaf6, Leaf0To3] },
    };

    [Theory]
    [MemberData(nameof(PublishedInclusion))]
    public void Inclusion_OfThePublishedLeaves_IsThePublishedProof(long index, long size, string[] published)
    {
        var tree = NaiveTree.Published;
        var proof = tree.Proof(MerkleProof.Inclusion(index, size));

        Assert.Equal(published, proof.Select(Convert.ToHexStringLower));
        Assert.True(MerkleProof.VerifyInclusion(tree.Leaves[(int)index], index, size, proof, tree.Root(size)));
    }

    [Theory]
    [MemberData(nameof(PublishedConsistency))]
    public void Consistency_OfThePublishedLeaves_IsThePublishedProof(long first, long second, string[] published)
    {
        var tree = NaiveTree.Published;
        var proof = tree.Proof(MerkleProof.Consistency(first, second));

        Assert.Equal(published, proof.Select(Convert.ToHexStringLower));
        Assert.True(MerkleProof.VerifyConsistency(first, second, tree.Root(first), tree.Root(second), proof));
    }

    [Fact]
    public void Inclusion_OfEveryLeafOfEveryTree_Verifies()
    {
        for (var size = 1; size <= 70; size++)
        {
            for (var index = 0; index < size; index++)
            {
                var proof = Large.Proof(MerkleProof.Inclusion(index, size));
                Assert.True(MerkleProof.VerifyInclusion(Large.Leaves[index], index, size, proof, Large.Root(size)));
            }
        }
    }

    [Fact]
    public void Consistency_OfEveryTwoTrees_Verifies()
    {
        for (var second = 0; second <= 70; second++)
        {
            for (var first = 0; first <= second; first++)
            {
                var proof = Large.Proof(MerkleProof.Consistency(first, second));
                Assert.True(MerkleProof.VerifyConsistency(first, second, Large.Root(first), Large.Root(second), proof));
            }
        }
    }

    [Fact]
    public void Frontier_IsWhatTheTreeKeeps()
    {
        for (var size = 0; size <= 70; size++)
        {
            Assert.Equal(
                MerkleFrontier.Empty.Append(Large.Leaves.Take(size)).ToBytes(),
                Large.Proof(MerkleProof.Frontier(size)).SelectMany(hash => hash));
        }
    }

    [Fact]
    public void Inclusion_WithAnythingElse_IsRefused() =>
        Gen.Select(Gen.Int[1, 70], Gen.Int[0, 1_000], Gen.Int[0, 1_000]).Sample((size, at, mutation) =>
        {
            var index = at % size;
            var (leaf, root) = (Large.Leaves[index], Large.Root(size));
            var proof = Large.Proof(MerkleProof.Inclusion(index, size));

            Assert.False(MerkleProof.VerifyInclusion(leaf, index + 1, size, proof, root));
            Assert.False(MerkleProof.VerifyInclusion(leaf, index - 1, size, proof, root));
            Assert.False(MerkleProof.VerifyInclusion(leaf, index ^ 2, size, proof, root));
            Assert.False(MerkleProof.VerifyInclusion(leaf, index, size * 2, proof, root));
            Assert.False(MerkleProof.VerifyInclusion(leaf, index, size / 2, proof, root));
            Assert.False(MerkleProof.VerifyInclusion(Flip(leaf, mutation), index, size, proof, root));
            Assert.False(MerkleProof.VerifyInclusion(leaf, index, size, proof, Flip(root, mutation)));
            Assert.False(MerkleProof.VerifyInclusion(leaf.AsSpan(..31), index, size, proof, root));
            Assert.All(Mutations(proof, mutation, root), wrong =>
                Assert.False(MerkleProof.VerifyInclusion(leaf, index, size, wrong, root)));
        });

    [Fact]
    public void Consistency_WithAnythingElse_IsRefused() =>
        Gen.Select(Gen.Int[2, 70], Gen.Int[0, 1_000], Gen.Int[0, 1_000]).Sample((second, at, mutation) =>
        {
            var first = 1 + (at % (second - 1));
            var (small, large) = (Large.Root(first), Large.Root(second));
            var proof = Large.Proof(MerkleProof.Consistency(first, second));

            Assert.False(MerkleProof.VerifyConsistency(first - 1, second, small, large, proof));
            Assert.False(MerkleProof.VerifyConsistency(first + 1, second, small, large, proof));
            Assert.False(MerkleProof.VerifyConsistency(first, second * 2, small, large, proof));
            Assert.False(MerkleProof.VerifyConsistency(first, second / 2, small, large, proof));
            Assert.False(MerkleProof.VerifyConsistency(first, second, Flip(small, mutation), large, proof));
            Assert.False(MerkleProof.VerifyConsistency(first, second, small, Flip(large, mutation), proof));
            Assert.False(MerkleProof.VerifyConsistency(first, second, large, small, proof));
            Assert.False(MerkleProof.VerifyConsistency(first, second, small.AsSpan(..31), large, proof));
            Assert.All(Mutations(proof, mutation, small), wrong =>
                Assert.False(MerkleProof.VerifyConsistency(first, second, small, large, wrong)));
        });

    [Fact]
    public void Proofs_AtTheEdges_AnswerWithoutAFault()
    {
        var (empty, some) = (MerkleTree.EmptyRoot, Large.Root(3));

        Assert.True(MerkleProof.VerifyConsistency(0, 3, empty, some, []));
        Assert.False(MerkleProof.VerifyConsistency(0, 3, some, some, []));
        Assert.False(MerkleProof.VerifyConsistency(0, 3, empty, some, [some]));
        Assert.False(MerkleProof.VerifyConsistency(0, 0, empty, some, []));
        Assert.False(MerkleProof.VerifyConsistency(-1, 3, empty, some, []));
        Assert.False(MerkleProof.VerifyConsistency(3, 2, some, some, []));
        Assert.False(MerkleProof.VerifyInclusion(some, 0, 0, [], some));
        Assert.False(MerkleProof.VerifyInclusion(some, -1, 1, [], some));
        Assert.False(MerkleProof.VerifyInclusion(some, 0, long.MaxValue, [.. Enumerable.Repeat(some, 70)], some));
        Assert.Equal(63, MerkleProof.Inclusion(0, long.MaxValue).Count);
        Assert.InRange(MerkleProof.Consistency(long.MaxValue - 1, long.MaxValue).Count, 1, MerkleProof.LengthMax);
    }

    private static IEnumerable<List<byte[]>> Mutations(List<byte[]> proof, int mutation, byte[] other)
    {
        yield return [.. proof, other];
        yield return [other, .. proof];
        yield return [.. proof, []];
        if (proof.Count > 0)
        {
            var at = mutation % proof.Count;
            yield return [.. proof[..^1]];
            yield return [.. proof[1..]];
            yield return [.. proof[..at], Flip(proof[at], mutation), .. proof[(at + 1)..]];
            yield return [.. proof[..at], proof[at][..31], .. proof[(at + 1)..]];
        }
    }

    private static byte[] Flip(byte[] hash, int mutation)
    {
        var flipped = hash.ToArray();
        flipped[mutation % hash.Length] ^= (byte)(1 << (mutation % 8));
        return flipped;
    }
}
