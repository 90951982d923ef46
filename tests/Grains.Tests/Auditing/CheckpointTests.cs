using System.Text;
using CsCheck;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.SigningKeys;

namespace Gatehouse.Grains.Tests.Auditing;

/// <summary>What a checkpoint says, how it is signed, and receipts.</summary>
public class CheckpointTests
{
    private const string Root = "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=";
    private static readonly DateTimeOffset Time = new(2026, 11, 26, 17, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Text_IsWhatTheFormatSays()
    {
        var checkpoint = new Checkpoint("gatehouse/local/acme", 8, Convert.FromBase64String(Root), Time);

        Assert.Equal($"gatehouse/local/acme\n8\n{Root}\ntime 2026-11-26T17:00:00.000Z\n", checkpoint.Text);
        Assert.Equal(checkpoint.Text, Checkpoint.Read(checkpoint.Text).Text);
    }

    [Fact]
    public void Read_WithLinesOfANewerVersion_IgnoresThem() =>
        Assert.Equal(8, Checkpoint.Read($"o\n8\n{Root}\ntime 2026-11-26T17:00:00.000Z\nmore 1\n").Size);

    [Theory]
    [InlineData("")]
    [InlineData("o\n8\n" + Root + "\n")]
    [InlineData("o\n8\n" + Root + "\ntime 2026-11-26T17:00:00.000Z")]
    [InlineData("o\n8\n" + Root + "\ntime 2026-11-26T17:00:00.000Z\n\n")]
    [InlineData("o\n08\n" + Root + "\ntime 2026-11-26T17:00:00.000Z\n")]
    [InlineData("o\n-8\n" + Root + "\ntime 2026-11-26T17:00:00.000Z\n")]
    [InlineData("o\n9223372036854775808\n" + Root + "\ntime 2026-11-26T17:00:00.000Z\n")]
    [InlineData("o\n0\n" + Root + "\ntime 2026-11-26T17:00:00.000Z\n")]
    [InlineData("o\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyh=\ntime 2026-11-26T17:00:00.000Z\n")]
    [InlineData("o\n8\nAAAA\ntime 2026-11-26T17:00:00.000Z\n")]
    [InlineData("o\n8\n" + Root + "\nmore 1\ntime 2026-11-26T17:00:00.000Z\n")]
    [InlineData("o\n8\n" + Root + "\ntime 2026-11-26T17:00:00Z\n")]
    [InlineData("o\n8\n" + Root + "\ntime 2026-11-26T17:00:00.000+00:00\n")]
    [InlineData("\n8\n" + Root + "\ntime 2026-11-26T17:00:00.000Z\n")]
    public void Read_OfAnythingElse_IsRefused(string text) =>
        Assert.Throws<FormatException>(() => Checkpoint.Read(text));

    [Theory]
    [InlineData("ES256")]
    [InlineData("Ed25519")]
    public void Key_VerifiesWhatItsPrivateKeySigned(string name)
    {
        Assert.True(SignatureAlgorithm.TryFind(name, out var algorithm));
        var (pair, other) = (algorithm.Generate(), algorithm.Generate());
        using var signer = algorithm.ImportPrivate(pair.PrivateKey);
        var (key, stranger) = (new NoteKey("o", name, pair.PublicKey), new NoteKey("o", name, other.PublicKey));
        // R and S have leading zeroes in one of 128 signatures: enough of them to have met that.
        for (var i = 0; i < 1_000; i++)
        {
            var text = $"text {i}\n";
            var signature = key.ToNote(signer.Sign(Encoding.UTF8.GetBytes(text)));

            Assert.True(key.Verify(text, signature));
            Assert.False(stranger.Verify(text, signature));
            Assert.False(stranger.Verify(text, signature with { KeyId = stranger.Id }));
            Assert.False(key.Verify(text, signature with { Name = "p" }));
            Assert.False(key.Verify(text, signature with { Signature = [.. signature.Signature, 0] }));
            Assert.False(key.Verify(text, signature with { Signature = signature.Signature[..^1] }));
        }

        Assert.Throws<ArgumentException>(() => key.ToNote([1]));
        Assert.Throws<ArgumentException>(() => new NoteKey("a b", name, pair.PublicKey));
        Assert.Throws<ArgumentException>(() => new NoteKey("o", "RS256", pair.PublicKey));
    }

    [Theory]
    [InlineData("30060201010201")]
    [InlineData("300702010102020001")]
    [InlineData("3006020101020181")]
    [InlineData("3006020100020100")]
    [InlineData("300602010102010100")]
    [InlineData("")]
    public void Key_WithASignatureThatIsNone_DoesNotVerify(string der)
    {
        var key = new NoteKey("o", "ES256", SignatureAlgorithm.Es256.Generate().PublicKey);

        Assert.False(key.Verify("t\n", new NoteSignature("o", key.Id, Convert.FromHexString(der))));
    }

    [Fact]
    public void Receipt_IsReadAndWrittenTheSame() =>
        Gen.Select(Gen.Long[0, long.MaxValue], Gen.Int[0, 64], Gen.Byte.Array[0, 9]).Sample((index, levels, extra) =>
        {
            var receipt = new TlogProof
            {
                Index = index,
                Hashes = [.. Enumerable.Range(0, levels).Select(i => MerkleTree.Leaf([(byte)i]))],
                Checkpoint = new SignedNote("a\n\nb\n", [new NoteSignature("n", 7, [1])]),
                Extra = extra,
            };

            var read = TlogProof.Read(receipt.ToString());

            Assert.Equal(receipt.ToString(), read.ToString());
            Assert.Equal((index, levels), (read.Index, read.Hashes.Count));
            Assert.Equal(extra, read.Extra ?? []);
        });

    [Theory]
    [InlineData("")]
    [InlineData("c2sp.org/tlog-proof@v1\n\na\n\n— n AAAAAAA=\n")]
    [InlineData("c2sp.org/tlog-proof@v2\nindex 1\n\na\n\n— n AAAAAAA=\n")]
    [InlineData("c2sp.org/tlog-proof@v1\nindex 01\n\na\n\n— n AAAAAAA=\n")]
    [InlineData("c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\na\n\n— n AAAAAAA=\n")]
    [InlineData("c2sp.org/tlog-proof@v1\nextra \nindex 1\n\na\n\n— n AAAAAAA=\n")]
    [InlineData("c2sp.org/tlog-proof@v1\nextra AA==\n\na\n\n— n AAAAAAA=\n")]
    [InlineData("c2sp.org/tlog-proof@v1\nextra AB==\nindex 1\n\na\n\n— n AAAAAAA=\n")]
    [InlineData("c2sp.org/tlog-proof@v1\nindex 1\n\na\n")]
    public void Receipt_ThatIsNone_IsRefused(string text) => Assert.Throws<FormatException>(() => TlogProof.Read(text));
}
