using System.Text;
using System.Text.Json;
using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Grains.Tests.Auditing;

/// <summary>The first line of an export: one sequence of bytes, or none.</summary>
public class ExportManifestTests
{
    private static readonly NaiveTree Tree = NaiveTree.Of(9);

    private static readonly ExportManifest Manifest = new()
    {
        Checkpoint = "o/r/t\n9\n\n— o/r/t AAAAAAA=\n",
        Consistency = Tree.Proof(MerkleProof.Consistency(5, 9)),
        Count = 2,
        FromConsistency = Tree.Proof(MerkleProof.Consistency(3, 9)),
        Frontier = MerkleFrontier.Empty.Append(Tree.Leaves.Take(3)),
        LastHash = Tree.Leaves[4],
        Origin = "o/r/t",
        PrevHash = Tree.Leaves[2],
        Root = Tree.Root(5),
        Tenant = "t",
    };

    [Fact]
    public void Bytes_AreCanonicalAndReadBack()
    {
        var bytes = Manifest.ToBytes();
        var canonical = new System.Buffers.ArrayBufferWriter<byte>();
        using var json = JsonDocument.Parse(bytes);
        CanonicalJson.Write(canonical, json.RootElement);

        var read = ExportManifest.Read(bytes);

        Assert.Equal(canonical.WrittenSpan, bytes);
        Assert.Equal(bytes, read.ToBytes());
        Assert.Equal((3, 2, 5), (read.From, read.Count, read.End));
        Assert.True(ExportManifest.IsMeantBy(bytes));
        Assert.StartsWith(
            """{"checkpoint":"o/r/t\n9\n\n— o/r/t AAAAAAA=\n","consistency":[""", Encoding.UTF8.GetString(bytes));
    }

    [Theory]
    [InlineData("{\"checkpoint\"", "{ \"checkpoint\"")]
    [InlineData("\"count\":2", "\"count\":2.0")]
    [InlineData("\"count\":2", "\"count\":-2")]
    [InlineData("\"count\":2", "\"count\":9007199254740991")]
    [InlineData("\"count\":2", "\"count\":\"2\"")]
    [InlineData("\"count\":2", "\"count\":2,\"count\":2")]
    [InlineData("\"count\":2,", "")]
    [InlineData("\"from\":3", "\"from\":4")]
    [InlineData("audit-export/1", "audit-export/2")]
    [InlineData("\"tenant\":\"t\"", "\"tenant\":\"\\u0074\"")]
    [InlineData("\"tenant\":\"t\"", "\"tenant\":null")]
    [InlineData("\"tenant\":\"t\"", "\"tenant\":\"t\",\"unknown\":1")]
    [InlineData("\"frontier\":[", "\"frontier\":[\"\",")]
    [InlineData("\"consistency\":[", "\"consistency\":[null,")]
    [InlineData("\"t\"}", "\"t\"} ")]
    [InlineData("\"t\"}", "\"t\"}{}")]
    [InlineData("\"t\"}", "\"t\"")]
    public void Read_OfAnotherForm_IsRefused(string old, string changed)
    {
        var text = Encoding.UTF8.GetString(Manifest.ToBytes());
        Assert.Contains(old, text, StringComparison.Ordinal);

        Assert.Throws<FormatException>(() =>
            ExportManifest.Read(Encoding.UTF8.GetBytes(text.Replace(old, changed, StringComparison.Ordinal))));
    }

    [Fact]
    public void Read_OfUpperHexOrTooManyHashes_IsRefused()
    {
        var text = Encoding.UTF8.GetString(Manifest.ToBytes());
        var hash = Convert.ToHexStringLower(Manifest.Root);

        Assert.Throws<FormatException>(() =>
            ExportManifest.Read(Encoding.UTF8.GetBytes(text.Replace(hash, hash.ToUpperInvariant()))));
        Assert.Throws<FormatException>(() => ExportManifest.Read(
            (Manifest with { Consistency = [.. Enumerable.Repeat(Manifest.Root, 65)] }).ToBytes()));
        Assert.Throws<FormatException>(() => ExportManifest.Read(
            (Manifest with { Origin = new string('o', ExportManifest.LineLengthMax) }).ToBytes()));
        Assert.Throws<FormatException>(() => ExportManifest.Read("[]"u8));
        Assert.False(ExportManifest.IsMeantBy("[]"u8));
    }
}
