using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.SigningKeys;

namespace Gatehouse.Grains.Tests.SigningKeys;

/// <summary>What is to be thought of a signature, and which versions the configuration revokes.</summary>
public class SignatureVerdictTests
{
    private static readonly RevokedVersions None = new([]);

    [Theory]
    [InlineData(KeyStatus.Active)]
    [InlineData(KeyStatus.Retired)]
    [InlineData(KeyStatus.Destroyed)]
    public void Good_OfAVersionThatIsNotRevoked_IsValidAndSaysNothingOfRevocation(KeyStatus status)
    {
        var verdict = SignatureVerdict.Of(Version(status), isValid: true);

        Assert.Equal((true, status, null), (verdict.IsValid, verdict.Status, verdict.IsBeforeRevocation));
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData(-1, true)]
    [InlineData(0, null)]
    [InlineData(1, null)]
    public void Good_OfARevokedVersion_IsOlderOnlyIfAWitnessSawItBefore(int? attestedAfterSeconds, bool? expected)
    {
        var version = Version(KeyStatus.Revoked);
        DateTimeOffset? attested = attestedAfterSeconds is { } seconds ? version.RevokedAt!.Value.AddSeconds(seconds) : null;

        var verdict = SignatureVerdict.Of(version, isValid: true, attested);

        Assert.Equal((true, KeyStatus.Revoked, "known"), (verdict.IsValid, verdict.Status, verdict.Reason));
        Assert.Equal(expected, verdict.IsBeforeRevocation);
        Assert.Null(SignatureVerdict.Of(version, isValid: false, attested).IsBeforeRevocation);
    }

    [Fact]
    public void Of_NoVersion_IsUnknownAndNotMerelyInvalid() =>
        Assert.Equal((false, KeyStatus.None), (SignatureVerdict.Of(null, true).IsValid, SignatureVerdict.Of(null, true).Status));

    [Fact]
    public void Configuration_RevokesWhateverIsStored()
    {
        var ring = Rings.Of(KeyStatus.Retired, KeyStatus.Active, KeyStatus.Destroyed);

        var everywhere = ring.Snapshot("acme", new RevokedVersions(["v1", "v3"]));
        var elsewhere = ring.Snapshot("acme", new RevokedVersions(["other:v1"]));
        var here = ring.Snapshot("acme", new RevokedVersions(["acme:v2"]));

        Assert.Equal([KeyStatus.Revoked, KeyStatus.Active, KeyStatus.Revoked], Statuses(everywhere));
        Assert.Equal(("configuration", (DateTimeOffset?)null), (everywhere.Find(1)!.Reason, everywhere.Find(1)!.RevokedAt));
        Assert.Equal(Statuses(ring.Snapshot("acme", None)), Statuses(elsewhere));
        Assert.Equal(KeyStatus.Revoked, here.Find(2)!.Status);
        // Shown to anybody: it says nothing of other tenants' keys.
        Assert.Equal(["7+1.3", "7", "7+2"], new[] { everywhere, elsewhere, here }.Select(snapshot => snapshot.Version));
    }

    [Fact]
    public void Destroyed_AndRevoked_CountsAsRevoked()
    {
        var (revoked, _) = KeyRing.Revoke(Rings.Of(KeyStatus.Destroyed), 1, "r", Rings.Start);

        Assert.Equal(KeyStatus.Revoked, revoked.Snapshot("acme", None).Find(1)!.Status);
    }

    [Theory]
    [InlineData("v1", true)]
    [InlineData("acme:v1", true)]
    [InlineData("1", false)]
    [InlineData("acme:1", false)]
    [InlineData(":v1", false)]
    [InlineData("A:v1", false)]
    [InlineData("a:b:v1", false)]
    public void Entry_OfTheConfiguration_IsAVersionOrATenantsVersion(string entry, bool isGood) =>
        Assert.Equal(isGood, RevokedVersions.IsEntry(entry));

    [Fact]
    public void Events_NameEveryVersionThatMoved()
    {
        var before = Rings.Of(KeyStatus.Active, KeyStatus.Pending);
        var (after, _) = KeyRing.Revoke(before, 1, "leaked", Rings.Start.AddMinutes(1));

        var events = KeyRingEvents.Between("acme", KeyRingOperation.Revoke, before, after).ToList();

        Assert.Equal(
            [(1, KeyStatus.Active, KeyStatus.Revoked, "leaked"), (2, KeyStatus.Pending, KeyStatus.Active, null)],
            events.Select(change => (change.Number, change.From, change.To, change.Reason)));
        Assert.All(events, change => Assert.Equal((after.Epoch, after.ChangedAt), (change.Epoch, change.At)));
    }

    private static IEnumerable<KeyStatus> Statuses(KeyRingSnapshot ring) => ring.Versions.Select(v => v.Status);

    private static KeyVersionSnapshot Version(KeyStatus status) => Rings.Of(status).Snapshot("acme", None).Find(1)!;
}
