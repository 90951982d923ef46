using Gatehouse.Grains.SigningKeys;

namespace Gatehouse.Grains.Tests.SigningKeys;

/// <summary>Revocations of the configuration: in every ring, or in one.</summary>
public class RevokedVersionsTests
{
    [Theory]
    [InlineData("v1", true)]
    [InlineData("v12", true)]
    [InlineData("acme:v1", true)]
    [InlineData("", false)]
    [InlineData("1", false)]
    [InlineData("v0", false)]
    [InlineData("acme:", false)]
    [InlineData("acme:1", false)]
    [InlineData(":v1", false)]
    [InlineData("A b:v1", false)]
    [InlineData("acme:v1:v2", false)]
    public void Entry_IsAVersion_OrATenantsVersion(string text, bool isEntry) =>
        Assert.Equal(isEntry, RevokedVersions.IsEntry(text));

    [Fact]
    public void Contains_InEveryRing_OrInTheOneThatIsNamed()
    {
        var revoked = new RevokedVersions(["v1", "acme:v2", "nonsense"]);

        Assert.True(revoked.Contains("acme", 1));
        Assert.True(revoked.Contains("other", 1));
        Assert.True(revoked.Contains("acme", 2));
        Assert.False(revoked.Contains("other", 2));
        Assert.False(revoked.Contains("acme", 3));
        Assert.False(new RevokedVersions([]).Contains("acme", 1));
    }

    [Theory]
    [InlineData("v1 acme:v2", "acme:v2 v1", true)]
    [InlineData("v1", "v1 v1", true)]
    [InlineData("v1", "acme:v1", false)]
    [InlineData("v1", "v2", false)]
    [InlineData("v1", "v1 v2", false)]
    public void IsSameAs_GoesByWhatIsRevoked(string one, string other, bool isSame) => Assert.Equal(
        isSame, new RevokedVersions(one.Split(' ')).IsSameAs(new RevokedVersions(other.Split(' '))));
}
