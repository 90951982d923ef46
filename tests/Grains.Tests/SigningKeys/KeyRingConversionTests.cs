using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.SigningKeys;
using static Gatehouse.Grains.Abstractions.SigningKeys.KeyStatus;

namespace Gatehouse.Grains.Tests.SigningKeys;

/// <summary>What others see of a ring: the stored one, and what the configuration revokes.</summary>
public class KeyRingConversionTests
{
    private static readonly RevokedVersions None = new([]);

    [Fact]
    public void Snapshot_IsTheStoredRing()
    {
        var ring = Rings.Of(Retired, Active, Pending, Revoked, Destroyed) with { Stamp = "s" };

        var snapshot = ring.Snapshot("acme", None);

        Assert.Equal(("acme", 7L, "7.s", "\"7.s\""), (snapshot.Tenant, snapshot.Epoch, snapshot.Version, snapshot.ETag));
        Assert.Equal([Retired, Active, Pending, Revoked, Destroyed], snapshot.Versions.Select(version => version.Status));
        Assert.All(snapshot.Versions.Zip(ring.Versions), pair => Assert.Equal(
            (pair.Second.Number, "ES256", pair.Second.PublicKey, pair.Second.CreatedAt, pair.Second.PromoteAt,
                pair.Second.ActivatedAt, pair.Second.RetiredAt, pair.Second.RevokedAt, pair.Second.Reason,
                pair.Second.DestroyedAt),
            (pair.First.Number, pair.First.Algorithm, pair.First.PublicKey, pair.First.CreatedAt, pair.First.PromoteAt,
                pair.First.ActivatedAt, pair.First.RetiredAt, pair.First.RevokedAt, pair.First.Reason,
                pair.First.DestroyedAt)));
    }

    [Fact]
    public void Snapshot_OfAVersionThatTheConfigurationRevokes_IsRevokedByIt_UnlessItAlreadyWas()
    {
        var snapshot = Rings.Of(Active, Revoked).Snapshot("acme", new RevokedVersions(["v1", "v2"]));

        Assert.Equal([Revoked, Revoked], snapshot.Versions.Select(version => version.Status));
        Assert.Equal(["configuration", "known"], snapshot.Versions.Select(version => version.Reason));
        Assert.Null(snapshot.Versions[0].RevokedAt);
    }

    // What was revoked first and destroyed afterwards is still said to be revoked.
    [Fact]
    public void Snapshot_OfADestroyedVersionThatWasRevoked_IsRevoked()
    {
        var destroyed = KeyRing.Destroy(Rings.Of(Revoked), 1, Rings.Start.AddDays(1)).Next;

        Assert.Equal(Revoked, destroyed.Snapshot("acme", None).Find(1)!.Status);
    }

    [Theory]
    [InlineData("", "", "7")]
    [InlineData("ab", "", "7.ab")]
    [InlineData("ab", "v2", "7.ab+2")]
    [InlineData("", "v1 acme:v2", "7+1.2")]
    [InlineData("ab", "other:v1 v3", "7.ab")]
    public void Version_NamesTheRing_AndOnlyItsOwnRevocations(string stamp, string revoked, string version)
    {
        var ring = Rings.Of(Retired, Active) with { Stamp = stamp };

        Assert.Equal(version, ring.VersionWith("acme", new RevokedVersions(revoked.Split(' '))));
    }

    [Fact]
    public void Keks_AreThoseThatTheRingNeeds_EachOnce()
    {
        var ring = Rings.Of(Retired, Active, Destroyed);
        var other = new Dictionary<int, WrappedKey> { [2] = new("a-kek", [0], [2], [0]) };

        Assert.Equal(["kek"], ring.Keks());
        Assert.Equal(["a-kek", "kek"], KeyRing.Rewrap(ring, other, Rings.Start).Next.Keks());
        Assert.Empty(Rings.Of(Destroyed).Keks());
    }

    [Fact]
    public void Revision_NamesThisVeryRing() =>
        Assert.Equal("7:ab", (Rings.Of(Active) with { Stamp = "ab" }).Revision);

    [Fact]
    public void Find_OfANumberOutOfRange_FindsNothing()
    {
        var ring = Rings.Of(Retired, Active);

        Assert.Equal([null, 1, 2, null], Enumerable.Range(0, 4).Select(number => ring.Find(number)?.Number));
    }
}
