using CsCheck;
using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.SigningKeys;

namespace Gatehouse.Grains.Tests.SigningKeys;

/// <summary>What holds of a ring whatever is done to it, in whatever order, by whatever clock.</summary>
public class KeyRingModelTests
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(30);

    private static readonly Gen<(int Change, int Number, int Seconds)[]> Histories =
        Gen.Select(Gen.Int[0, 6], Gen.Int[0, 6], Gen.Int[-60, 60]).Array[0, 40];

    [Fact]
    public void Ring_AfterAnyHistory_IsSound() => Histories.Sample(history =>
    {
        var (ring, now) = (KeyRingState.Empty, Rings.Start);
        foreach (var (change, number, seconds) in history)
        {
            now = now.AddSeconds(seconds);
            var (next, outcome) = Apply(ring, change, number, now);
            AssertStep(ring, next, outcome);
            AssertSound(next);
            ring = next;
        }
    });

    private static (KeyRingState Next, KeyRingOutcome Outcome) Apply(
        KeyRingState ring, int change, int number, DateTimeOffset now)
    {
        var key = Rings.Key(KeyRing.NextNumber(ring));
        return change switch
        {
            0 => KeyRing.Create(ring, key, now),
            1 => KeyRing.Rotate(ring, key, Window, now),
            2 => KeyRing.RotateNow(ring, key, "r", now),
            3 => KeyRing.Promote(ring, number, isForced: now.Second % 2 == 0, now),
            4 => KeyRing.PromoteDue(ring, now),
            5 => KeyRing.Revoke(ring, number, "r", now),
            _ => KeyRing.Destroy(ring, number, now),
        };
    }

    private static void AssertSound(KeyRingState ring)
    {
        Assert.Equal(Enumerable.Range(1, ring.Versions.Count), ring.Versions.Select(version => version.Number));
        Assert.True(ring.Versions.Count(version => version.Status is KeyStatus.Active) <= 1);
        Assert.True(ring.Versions.Count(version => version.Status is KeyStatus.Pending) <= 1);
        Assert.All(ring.Versions, version =>
        {
            Assert.Equal(version.Status is KeyStatus.Pending, version.PromoteAt is not null);
            Assert.Equal(version.Status is KeyStatus.Destroyed, version.PrivateKey is null);
            Assert.True(version.RevokedAt is null || version.Status is KeyStatus.Revoked or KeyStatus.Destroyed);
            Assert.True(version.CreatedAt <= (version.ActivatedAt ?? version.CreatedAt));
            Assert.True((version.ActivatedAt ?? version.CreatedAt) <= (version.RetiredAt ?? ring.ChangedAt));
            Assert.True((version.RevokedAt ?? version.CreatedAt) <= ring.ChangedAt);
        });
    }

    private static void AssertStep(KeyRingState before, KeyRingState after, KeyRingOutcome outcome)
    {
        Assert.True(ReferenceEquals(before, after)
            || (outcome is KeyRingOutcome.Done && after.Epoch == before.Epoch + 1 && after.ChangedAt >= before.ChangedAt));
        foreach (var version in before.Versions)
        {
            var next = after.Find(version.Number)!;
            Assert.Equal((version.PublicKey, version.CreatedAt), (next.PublicKey, next.CreatedAt));
            // Forward only; and what is revoked stays so, with its first time.
            Assert.True(next.Status >= version.Status);
            Assert.True(version.RevokedAt is null || next.RevokedAt == version.RevokedAt);
        }
    }
}
