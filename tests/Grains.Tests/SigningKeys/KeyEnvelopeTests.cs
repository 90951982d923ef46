using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using Gatehouse.Grains.SigningKeys;
using Gatehouse.Grains.SigningKeys.Envelopes;

namespace Gatehouse.Grains.Tests.SigningKeys;

/// <summary>A private key opens in its own place, with its own key-encryption key, or not at all.</summary>
public sealed class KeyEnvelopeTests : IDisposable
{
    private static readonly KeyPlace Place = new("acme", "local", 1, "ES256");
    private static readonly byte[] Secret = RandomNumberGenerator.GetBytes(138);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gatehouse-kek-");
    private readonly KeyEncryptionKey _kek = new(RandomNumberGenerator.GetBytes(32));

    public static TheoryData<string, string, int, string> OtherPlaces { get; } = new()
    {
        { "acm", "elocal", 1, "ES256" },
        { "other", "local", 1, "ES256" },
        { "acme", "eu", 1, "ES256" },
        { "acme", "local", 2, "ES256" },
        { "acme", "local", 1, "Ed25519" },
    };

    public static TheoryData<string?> BadKeks { get; } = new(
        null, "", "nonsense", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "eFoxbUpaa3EzbTA=",
        Convert.ToBase64String(RandomNumberGenerator.GetBytes(33)), Convert.ToBase64String(new byte[31]),
        Convert.ToBase64String(Enumerable.Repeat((byte)7, 32).ToArray()));

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Unwrap_InItsPlace_IsWhatWasWrapped()
    {
        var wrapped = _kek.Wrap(Place, Secret);

        Assert.Equal(Secret, _kek.Unwrap(Place, wrapped));
        Assert.NotEqual(wrapped.Ciphertext, _kek.Wrap(Place, Secret).Ciphertext);
        Assert.False(wrapped.Ciphertext.AsSpan().IndexOf(Secret.AsSpan(0, 8)) >= 0);
    }

    [Theory]
    [MemberData(nameof(OtherPlaces))]
    public void Unwrap_InAnotherPlace_Fails(string tenant, string ring, int number, string algorithm) =>
        Assert.ThrowsAny<CryptographicException>(() =>
            _kek.Unwrap(new KeyPlace(tenant, ring, number, algorithm), _kek.Wrap(Place, Secret)));

    [Fact]
    public void Unwrap_Tampered_Fails()
    {
        var good = _kek.Wrap(Place, Secret);
        foreach (var bad in new[]
        {
            good with { Nonce = Flipped(good.Nonce) }, good with { Ciphertext = Flipped(good.Ciphertext) },
            good with { Tag = Flipped(good.Tag) }, good with { Ciphertext = good.Ciphertext[..^1] },
            good with { Tag = good.Tag[..^1] }, good with { Nonce = [] }, good with { Tag = [] },
        })
        {
            Assert.ThrowsAny<CryptographicException>(() => _kek.Unwrap(Place, bad));
        }
    }

    [Fact]
    public void Keys_CurrentAndPrevious_BothOpenAndTheCurrentOneWraps()
    {
        var (old, fresh) = (Random(), Random());
        var wrapped = new KeyEncryptionKeys(new SigningKeysOptions { Kek = old }).Current.Wrap(Place, Secret);

        var both = new KeyEncryptionKeys(new SigningKeysOptions { Kek = fresh, PreviousKek = old });
        var alone = new KeyEncryptionKeys(new SigningKeysOptions { Kek = fresh });

        Assert.Equal(Secret, both.Unwrap(Place, wrapped));
        Assert.NotEqual(wrapped.Kek, both.Current.Id);
        Assert.Throws<CryptographicException>(() => alone.Unwrap(Place, wrapped));
        Assert.Equal((true, false), (both.Has(wrapped.Kek), alone.Has(wrapped.Kek)));
    }

    [Theory]
    [MemberData(nameof(BadKeks))]
    public void Keys_MissingShortLongOrNotRandom_AreRefusedByTheNameOfTheSetting(string? kek)
    {
        var refusal = Assert.Throws<ValidationException>(
            () => new KeyEncryptionKeys(new SigningKeysOptions { Kek = kek }));

        Assert.Contains("Gatehouse:SigningKeys:Kek", refusal.Message, StringComparison.Ordinal);
        Assert.True(string.IsNullOrEmpty(kek) || !refusal.Message.Contains(kek, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(UnixFileMode.UserRead, true)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, true)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.OtherRead, false)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.GroupWrite, false)]
    public void KeyFile_ThatOthersCanReadOrChange_IsRefused(UnixFileMode mode, bool isGood)
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no such modes.");
            return;
        }

        var path = Path.Combine(_folder.FullName, "kek");
        File.WriteAllText(path, $"{Random()}\n");
        File.SetUnixFileMode(path, mode);
        var options = new SigningKeysOptions { KekFile = path };

        if (isGood)
        {
            Assert.NotEmpty(new KeyEncryptionKeys(options).Current.Id);
            return;
        }

        var refusal = Assert.Throws<ValidationException>(() => new KeyEncryptionKeys(options));
        Assert.Contains("Gatehouse:SigningKeys:KekFile", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void KeyFile_ThatIsNotThere_IsRefused() => Assert.Contains(
        "Gatehouse:SigningKeys:KekFile", Assert.Throws<ValidationException>(() => new KeyEncryptionKeys(
            new SigningKeysOptions { KekFile = Path.Combine(_folder.FullName, "none") })).Message, StringComparison.Ordinal);

    private static string Random() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    private static byte[] Flipped(byte[] bytes) => [(byte)(bytes[0] ^ 1), .. bytes[1..]];
}
