using CsCheck;
using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Grains.Tests.Auditing;

/// <summary>The tree of RFC 6962, with the leaves and roots that Certificate Transparency publishes.</summary>
public class MerkleTreeTests
{
    private static readonly string[] Leaves =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

    public static TheoryData<int, string> Roots { get; } = new()
    {
        { 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
        { 1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" },
        { 2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" },
        { 3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77" },
        { 4, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" },
        { 5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4" },
        { 6, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef" },
        { 7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c" },
        { 8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328" },
    };

    [Theory]
    [MemberData(nameof(Roots))]
    public void Root_OfThePublishedLeaves_IsThePublishedOne(int size, string root) =>
        Assert.Equal(root, Convert.ToHexStringLower(MerkleFrontier.Empty.Append(Hashes(size)).Root()));

    [Fact]
    public void Frontier_IsTheSameHoweverItCameAbout() =>
        Gen.Select(Gen.Int[0, 70], Gen.Int[0, 70]).Sample((first, second) =>
        {
            var hashes = Enumerable.Range(0, first + second).Select(i => MerkleTree.Leaf([(byte)i])).ToList();

            var stored = MerkleFrontier.Empty.Append(hashes.Take(first)).ToBytes();
            var grown = MerkleFrontier.Read(first, stored).Append(hashes.Skip(first));

            Assert.Equal(MerkleFrontier.Empty.Append(hashes).Root(), grown.Root());
            Assert.Equal(Recursive(hashes), grown.Root());
            Assert.Equal(first + second, grown.Size);
        });

    [Theory]
    [InlineData(1, 0)]
    [InlineData(1, 31)]
    [InlineData(1, 64)]
    [InlineData(2, 64)]
    [InlineData(-1, 32)]
    public void Frontier_ThatDoesNotFitItsSize_IsRefused(long size, int length) =>
        Assert.Throws<FormatException>(() => MerkleFrontier.Read(size, new byte[length]));

    private static IEnumerable<byte[]> Hashes(int size) =>
        Leaves.Take(size).Select(leaf => MerkleTree.Leaf(Convert.FromHexString(leaf)));

    /// <summary>The definition itself, RFC 6962, section 2.1.</summary>
    private static byte[] Recursive(List<byte[]> hashes)
    {
        if (hashes.Count <= 1)
        {
            return hashes.Count == 0 ? MerkleTree.EmptyRoot : hashes[0];
        }

        var split = 1;
        while (split * 2 < hashes.Count)
        {
            split *= 2;
        }

        return MerkleTree.Node(
            Recursive([.. hashes.Take(split)]), Recursive([.. hashes.Skip(split)]));
    }
}
