using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.SigningKeys;
using static Gatehouse.Grains.Abstractions.SigningKeys.KeyRingOutcome;
using static Gatehouse.Grains.Abstractions.SigningKeys.KeyStatus;

namespace Gatehouse.Grains.Tests.SigningKeys;

/// <summary>Every change in every status.</summary>
public class KeyRingTests
{
    private static readonly DateTimeOffset Now = Rings.Start.AddHours(1);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(30);

    /// <summary>The version that the change is about, the outcome, and the status after it.</summary>
    public static TheoryData<string, KeyStatus, KeyRingOutcome, KeyStatus> Transitions { get; } = new()
    {
        { "promote", Pending, Done, Active },
        { "promote", Active, Done, Active },
        { "promote", Retired, WrongStatus, Retired },
        { "promote", Revoked, WrongStatus, Revoked },
        { "promote", Destroyed, WrongStatus, Destroyed },
        { "revoke", Pending, Done, Revoked },
        { "revoke", Active, Done, Revoked },
        { "revoke", Retired, Done, Revoked },
        { "revoke", Revoked, Done, Revoked },
        { "revoke", Destroyed, Done, Destroyed },
        { "destroy", Pending, WrongStatus, Pending },
        { "destroy", Active, WrongStatus, Active },
        { "destroy", Retired, Done, Destroyed },
        { "destroy", Revoked, Done, Destroyed },
        { "destroy", Destroyed, Done, Destroyed },
    };

    [Theory]
    [MemberData(nameof(Transitions))]
    public void Change_InEachStatus_IsAllowedOrLeavesTheVerySameRing(
        string change, KeyStatus from, KeyRingOutcome outcome, KeyStatus to)
    {
        var ring = Rings.Of(from);

        var (next, answer) = change switch
        {
            "promote" => KeyRing.Promote(ring, 1, isForced: false, Now),
            "revoke" => KeyRing.Revoke(ring, 1, "r", Now),
            _ => KeyRing.Destroy(ring, 1, Now),
        };

        Assert.Equal((outcome, to), (answer, next.Find(1)!.Status));
        var changed = from != to || (change, from) is ("revoke", Destroyed);
        Assert.Equal(changed, !ReferenceEquals(ring, next));
        Assert.Equal(ring.Epoch + (changed ? 1 : 0), next.Epoch);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Change_OfAVersionThatIsNotThere_IsNotFound(int number)
    {
        var ring = Rings.Of(Active);

        Assert.Equal((ring, NotFound), KeyRing.Promote(ring, number, isForced: true, Now));
        Assert.Equal((ring, NotFound), KeyRing.Revoke(ring, number, "r", Now));
        Assert.Equal((ring, NotFound), KeyRing.Destroy(ring, number, Now));
    }

    [Fact]
    public void Create_SignsAtOnce_AndOnlyOnce()
    {
        var (ring, _) = KeyRing.Create(KeyRingState.Empty, Rings.Key(1), Now);

        Assert.Equal((1L, Active, (DateTimeOffset?)Now), (ring.Epoch, ring.Find(1)!.Status, ring.Find(1)!.ActivatedAt));
        Assert.Equal((ring, Done), KeyRing.Create(ring, Rings.Key(2), Now));
    }

    [Fact]
    public void Rotate_PublishesAndPromotesAfterTheWindow()
    {
        var (published, _) = KeyRing.Rotate(Rings.Of(Active), Rings.Key(2), Window, Now);
        Assert.Equal([Active, Pending], Statuses(published));
        Assert.Equal((null, Now + Window), (published.Find(2)!.ActivatedAt, published.Find(2)!.PromoteAt));
        Assert.Equal((published, TooEarly), KeyRing.Promote(published, 2, isForced: false, (Now + Window).AddTicks(-1)));
        Assert.Same(published, KeyRing.PromoteDue(published, (Now + Window).AddTicks(-1)).Next);

        var (promoted, _) = KeyRing.PromoteDue(published, Now + Window);

        Assert.Equal([Retired, Active], Statuses(promoted));
        Assert.Equal(Now + Window, promoted.Find(1)!.RetiredAt);
        Assert.Equal([Retired, Active], Statuses(KeyRing.Promote(published, 2, isForced: true, Now).Next));
    }

    // Nobody can know an older one: there is nothing to wait for.
    [Fact]
    public void Rotate_WhereThereIsNoRing_MakesTheFirstKey_WhichSignsAtOnce()
    {
        var (ring, outcome) = KeyRing.Rotate(KeyRingState.Empty, Rings.Key(1), Window, Now);

        Assert.Equal(Done, outcome);
        Assert.Equal([Active], Statuses(ring));
    }

    [Fact]
    public void Rotate_WhileOneIsPending_MakesNoOther()
    {
        var (published, _) = KeyRing.Rotate(Rings.Of(Active), Rings.Key(2), Window, Now);

        Assert.Equal((published, Done), KeyRing.Rotate(published, Rings.Key(3), Window, Now));
    }

    [Fact]
    public void RotateNow_RevokesWhatSignsOrIsAboutTo_InOneStep()
    {
        var (published, _) = KeyRing.Rotate(Rings.Of(Active, Retired), Rings.Key(3), Window, Now);

        var (next, outcome) = KeyRing.RotateNow(published, Rings.Key(4), "leaked", Now);

        Assert.Equal((Done, published.Epoch + 1), (outcome, next.Epoch));
        Assert.Equal([Revoked, Retired, Revoked, Active], Statuses(next));
        Assert.Equal(("leaked", (DateTimeOffset?)Now), (next.Find(1)!.Reason, next.Find(1)!.RevokedAt));
    }

    [Fact]
    public void Revoke_TheActiveOne_HandsOverToThePendingOneOrSignsNothing()
    {
        var (published, _) = KeyRing.Rotate(Rings.Of(Active), Rings.Key(2), Window, Now);

        Assert.Equal([Revoked, Active], Statuses(KeyRing.Revoke(published, 1, "r", Now).Next));
        Assert.Null(KeyRing.Revoke(Rings.Of(Active), 1, "r", Now).Next.Active);
    }

    [Fact]
    public void Revoke_Again_KeepsTheFirstTimeAndReason()
    {
        var (revoked, _) = KeyRing.Revoke(Rings.Of(Active), 1, "first", Now);

        var (again, _) = KeyRing.Revoke(revoked, 1, "second", Now.AddDays(1));
        var (destroyed, _) = KeyRing.Destroy(again, 1, Now.AddDays(2));

        Assert.Equal(("first", (DateTimeOffset?)Now), (destroyed.Find(1)!.Reason, destroyed.Find(1)!.RevokedAt));
        Assert.Null(destroyed.Find(1)!.PrivateKey);
        Assert.NotEmpty(destroyed.Find(1)!.PublicKey);
    }

    [Fact]
    public void Ring_OfAsManyVersionsAsItMayHold_TakesNoMore()
    {
        var full = Rings.Of([Active, .. Enumerable.Repeat(Retired, KeyRing.VersionsMax - 1)]);

        Assert.Equal((full, TooMany), KeyRing.Rotate(full, Rings.Key(201), Window, Now));
        // A key that others know must be got rid of all the same.
        Assert.Equal(Done, KeyRing.RotateNow(full, Rings.Key(201), "r", Now).Outcome);
        var fuller = Rings.Of([Active, .. Enumerable.Repeat(Retired, KeyRing.EmergencyVersionsMax - 1)]);
        Assert.Equal((fuller, TooMany), KeyRing.RotateNow(fuller, Rings.Key(251), "r", Now));
    }

    [Fact]
    public void Change_AfterTheClockWasPutBack_IsNotBeforeTheLastOne()
    {
        var (published, _) = KeyRing.Rotate(Rings.Of(Active), Rings.Key(2), Window, Now);

        var (promoted, _) = KeyRing.Promote(published, 2, isForced: true, Now.AddDays(-1));
        var (revoked, _) = KeyRing.Revoke(promoted, 1, "r", Now.AddDays(-2));

        Assert.Equal(Now, promoted.Find(2)!.ActivatedAt);
        Assert.Equal(Now, revoked.Find(1)!.RevokedAt);
    }

    [Theory]
    [InlineData(0, null, 400, false)]
    [InlineData(90, null, 89, false)]
    [InlineData(90, null, 90, true)]
    [InlineData(0, 10, 9, false)]
    [InlineData(0, 10, 10, true)]
    [InlineData(0, 0, 10, false)]
    public void NeedsRotation_ByAgeOrByTheTimeThatTheConfigurationNames(
        int periodDays, int? beforeDays, int ageDays, bool expected)
    {
        var ring = Rings.Of(Active);
        DateTimeOffset? before = beforeDays is { } days ? Rings.Start.AddDays(days) : null;

        Assert.Equal(expected, KeyRing.NeedsRotation(
            ring, TimeSpan.FromDays(periodDays), before, Rings.Start.AddDays(ageDays)));
        var (published, _) = KeyRing.Rotate(ring, Rings.Key(2), Window, Now);
        Assert.False(KeyRing.NeedsRotation(
            published, TimeSpan.FromDays(periodDays), before, Rings.Start.AddDays(ageDays)));
    }

    [Fact]
    public void Rewrap_ChangesEnvelopesOnly()
    {
        var ring = Rings.Of(Active, Retired);
        var other = new WrappedKey("new", [1], [2], [3]);

        var (next, _) = KeyRing.Rewrap(ring, new Dictionary<int, WrappedKey> { [1] = other }, Now);

        Assert.Equal(other, next.Find(1)!.PrivateKey);
        Assert.Equal(ring.Find(1), next.Find(1)! with { PrivateKey = ring.Find(1)!.PrivateKey });
        Assert.Same(ring.Find(2), next.Find(2));
        Assert.Same(ring, KeyRing.Rewrap(ring, new Dictionary<int, WrappedKey>(), Now).Next);
    }

    private static IEnumerable<KeyStatus> Statuses(KeyRingState ring) => ring.Versions.Select(version => version.Status);
}
