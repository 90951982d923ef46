using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.SigningKeys;
using static Gatehouse.Grains.Abstractions.SigningKeys.KeyStatus;

namespace Gatehouse.Grains.Tests.SigningKeys;

/// <summary>What a change moved, for those that record it.</summary>
public class KeyRingEventsTests
{
    private static readonly DateTimeOffset Now = Rings.Start.AddHours(1);

    [Fact]
    public void Between_HasEachVersionThatMoved_AndNoOther()
    {
        var before = Rings.Of(Retired, Active);
        var after = KeyRing.RotateNow(before, Rings.Key(3), "leaked", Now).Next;

        var events = KeyRingEvents.Between("acme", KeyRingOperation.RotateNow, before, after).ToList();

        Assert.Equal(
            [
                new KeyRingEvent("acme", 8, KeyRingOperation.RotateNow, 2, Active, Revoked, Now, "leaked"),
                new KeyRingEvent("acme", 8, KeyRingOperation.RotateNow, 3, None, Active, Now, null),
            ],
            events);
    }

    // Its status stays what it is, and that it is revoked from now on is worth recording all the same.
    [Fact]
    public void Between_OfADestroyedVersionThatIsRevoked_HasIt()
    {
        var before = Rings.Of(Destroyed);
        var after = KeyRing.Revoke(before, 1, "late", Now).Next;

        var only = Assert.Single(KeyRingEvents.Between("acme", KeyRingOperation.Revoke, before, after));

        Assert.Equal((Destroyed, Destroyed, "late"), (only.From, only.To, only.Reason));
        Assert.Empty(KeyRingEvents.Between("acme", KeyRingOperation.Revoke, after, after));
    }

    // Part of the log and of a metric's labels.
    [Theory]
    [InlineData(KeyRingOperation.Create, "create")]
    [InlineData(KeyRingOperation.Rotate, "rotate")]
    [InlineData(KeyRingOperation.RotateNow, "rotate_emergency")]
    [InlineData(KeyRingOperation.Promote, "promote")]
    [InlineData(KeyRingOperation.Revoke, "revoke")]
    [InlineData(KeyRingOperation.Destroy, "destroy")]
    [InlineData(KeyRingOperation.Rewrap, "rewrap")]
    [InlineData(KeyRingOperation.None, "none")]
    public void Name_OfEachOperation(object operation, string name) =>
        Assert.Equal(name, ((KeyRingOperation)operation).Name());
}
