using System.Security.Cryptography;
using System.Text;
using Gatehouse.Grains.Abstractions.SigningKeys;

namespace Gatehouse.Grains.Tests.SigningKeys;

/// <summary>Both algorithms, by themselves. The standards' vectors go through the HTTP API, in ApiHost.Tests.</summary>
public class SignatureAlgorithmTests
{
    private static readonly byte[] Data = Encoding.UTF8.GetBytes("some data");

    public static TheoryData<string> Names { get; } = new(SignatureAlgorithm.All.Select(algorithm => algorithm.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void Signature_OfAFreshKey_IsVerifiedByItsPublicKeyOnly(string name)
    {
        var (signer, verifier) = New(name, out var algorithm);
        var (_, stranger) = New(name, out _);

        var signature = signer.Sign(Data);

        Assert.Equal(algorithm.SignatureLength, signature.Length);
        Assert.True(verifier.Verify(Data, signature));
        Assert.False(stranger.Verify(Data, signature));
        Assert.False(verifier.Verify([.. Data, 0], signature));
        Assert.False(verifier.Verify(Data, [.. signature, 0]));
        Assert.False(verifier.Verify(Data, signature.AsSpan()[..^1]));
        Assert.False(verifier.Verify(Data, []));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Key_UsedByManyThreadsAtOnce_SignsAndVerifies(string name)
    {
        var (signer, verifier) = New(name, out _);

        Parallel.For(0, 64, new ParallelOptions { MaxDegreeOfParallelism = 64 }, thread =>
        {
            for (var i = 0; i < 20; i++)
            {
                byte[] data = [(byte)thread, (byte)i];
                Assert.True(verifier.Verify(data, signer.Sign(data)));
            }
        });
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Import_OfSomethingElse_Fails(string name)
    {
        SignatureAlgorithm.TryFind(name, out var algorithm);

        foreach (var bytes in new[] { Array.Empty<byte>(), [1, 2, 3], new byte[33] })
        {
            Assert.ThrowsAny<CryptographicException>(() => algorithm!.ImportPrivate(bytes));
            Assert.ThrowsAny<CryptographicException>(() => algorithm!.ImportPublic(bytes));
        }
    }

    [Fact]
    public void Es256_KeyOnAnotherCurve_IsRefused()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);

        Assert.Throws<CryptographicException>(
            () => SignatureAlgorithm.Es256.ImportPublic(other.ExportSubjectPublicKeyInfo()));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Signer_PutAway_SignsNothing(string name)
    {
        var (signer, _) = New(name, out _);

        signer.Dispose();

        Assert.Throws<ObjectDisposedException>(() => signer.Sign(Data));
    }

    [Theory]
    [InlineData("v1", 1)]
    [InlineData("v200", 200)]
    [InlineData("v0", null)]
    [InlineData("v01", null)]
    [InlineData("v", null)]
    [InlineData("1", null)]
    [InlineData("V1", null)]
    [InlineData("v-1", null)]
    [InlineData("v1 ", null)]
    [InlineData("v1\0", null)]
    [InlineData("v99999999999", null)]
    public void Version_IsReadInTheVeryFormThatIsWritten(string name, int? number)
    {
        Assert.Equal(number, KeyVersions.TryParse(name, out var read) ? read : null);
        Assert.True(number is null || KeyVersions.Name(number.Value) == name);
    }

    private static (ISigner Signer, IVerifier Verifier) New(string name, out SignatureAlgorithm algorithm)
    {
        SignatureAlgorithm.TryFind(name, out var found);
        algorithm = found!;
        var pair = algorithm.Generate();
        return (algorithm.ImportPrivate(pair.PrivateKey), algorithm.ImportPublic(pair.PublicKey));
    }
}
