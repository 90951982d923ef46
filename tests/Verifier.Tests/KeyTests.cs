using System.Text;
using System.Text.Json;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.SigningKeys;

namespace Gatehouse.Verifier.Tests;

/// <summary>Which keys vouch for a checkpoint.</summary>
public class KeyTests
{
    private const int Size = 5;
    private static readonly SampleChain Chain = SampleChain.Of(Size);
    private static readonly SampleKey Second = new("v2", SignatureAlgorithm.Ed25519);
    private static readonly byte[] Export = Chain.Export(0, Size, Size, Second).ToBytes();

    [Fact]
    public void Key_OfTheSet_Vouches() => Assert.Equal(Verdicts.Fine, Of(SampleChain.Key.Public, Second.Public));

    [Fact]
    public void Key_OfNoSet_IsWrong()
    {
        Assert.Equal("wrong_key", Of(SampleChain.Key.Public));
        Assert.Equal("wrong_key", Of());
    }

    [Theory]
    [InlineData(-1, false, "revoked_key")]
    [InlineData(+1, false, "revoked_key")]
    [InlineData(-1, true, "revoked_key")]
    [InlineData(0, true, "revoked_key")]
    [InlineData(+1, true, Verdicts.Fine)]
    [InlineData(null, true, "revoked_key")]
    public void Key_Revoked_VouchesForWhatItSignedBeforeOnly(int? secondsAfter, bool allow, string verdict)
    {
        var signed = Chain.Checkpoint(Size).SignedAt;
        var key = Second.Public with
        {
            IsRevoked = true,
            RevokedAt = secondsAfter is { } seconds ? signed.AddSeconds(seconds) : null,
        };

        Assert.Equal(verdict, Verdicts.Of(Export, new ChainKeys([SampleChain.Key.Public, key]), allow));
    }

    [Fact]
    public void Note_WithAKnownKeysBadSignature_IsNotWhatWasSigned()
    {
        var (good, other) = (Chain.Checkpoint(Size), Chain.Checkpoint(Size - 1));
        var signature = SignedNote.Read(SampleChain.Key.Sign(other)).Signatures;
        var second = SignedNote.Read(Second.Sign(good)).Signatures;
        var export = Chain.Export(0, Size, Size);
        var changed = export with
        {
            Manifest = export.Manifest with { Checkpoint = new SignedNote(good.Text, [.. second, .. signature]).ToString() },
        };

        Assert.Equal("checkpoint", Verdicts.Of(changed.ToBytes(), new ChainKeys([SampleChain.Key.Public, Second.Public]), false));
        Assert.Equal(Verdicts.Fine, Verdicts.Of(changed.ToBytes(), new ChainKeys([Second.Public]), false));
    }

    [Fact]
    public void KeySet_AsItIsPublished_IsRead()
    {
        var set = JsonSerializer.SerializeToUtf8Bytes(new
        {
            keys = new[]
            {
                SampleChain.Key.Jwk(("status", "revoked"), ("revokedAt", "2026-11-26T17:00:06.000Z")), Second.Jwk(),
            },
        });

        var keys = KeySetReader.Read(set);

        Assert.Equal(Verdicts.Fine, Verdicts.Of(Export, keys, false));
        var byRevoked = Chain.Export(0, Size, Size).ToBytes();
        Assert.Equal("revoked_key", Verdicts.Of(byRevoked, keys, false));
        Assert.Equal(Verdicts.Fine, Verdicts.Of(byRevoked, keys, true));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"keys":[{}]}""")]
    [InlineData("""{"keys":[{"kid":"v1","kty":"RSA","crv":"P-256"}]}""")]
    [InlineData("""{"keys":[{"kid":"v1","kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}""")]
    [InlineData("""{"keys":[{"kid":"v1","kty":"OKP","crv":"Ed25519","x":"AA"}]}""")]
    [InlineData("""{"keys":[{"kid":"v1","kty":"OKP","crv":"Ed25519","x":"?"}]}""")]
    [InlineData("""{"keys":[{"kid":1}]}""")]
    public void KeySet_ThatIsNone_IsRefused(string set) =>
        Assert.Throws<FormatException>(() => KeySetReader.Read(Encoding.UTF8.GetBytes(set)));

    private static string Of(params ChainKey[] keys) => Verdicts.Of(Export, new ChainKeys(keys), false);
}
