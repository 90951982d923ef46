using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.SigningKeys.Signing;

namespace Gatehouse.Grains.Tests.SigningKeys;

/// <summary>A lease ends by whichever clock is first, or for good.</summary>
public class SignerLeaseTests
{
    private const long Frequency = 1_000;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(5);

    [Fact]
    public void Lease_IsGoodFromWhenItWasAskedFor_UntilEitherClockSaysThatItIsOver()
    {
        var lease = New();
        Assert.False(lease.IsGood(At(0, 0)));

        lease.Extend(At(100, 1_000), Duration, Frequency);

        Assert.True(lease.IsGood(At(100, 1_000)));
        Assert.True(lease.IsGood(At(5_099, 1_000 + Duration.Ticks - 1)));
        Assert.False(lease.IsGood(At(5_100, 1_000)));
        // A machine that was suspended: its steady clock stood still meanwhile.
        Assert.False(lease.IsGood(At(101, 1_000 + Duration.Ticks)));
    }

    [Fact]
    public void Lease_IsDue_OnceHalfOfItIsOver()
    {
        var lease = New();
        lease.Extend(At(100, 0), Duration, Frequency);

        Assert.False(lease.IsDue(At(2_599, 0)));
        Assert.True(lease.IsDue(At(2_600, 0)));
    }

    [Fact]
    public void End_IsForGood_WhateverItIsExtendedTo()
    {
        var lease = New();
        lease.Extend(At(0, 0), Duration, Frequency);

        lease.End();
        lease.Extend(At(1, 1), Duration, Frequency);

        Assert.True(lease.IsEnded);
        Assert.False(lease.IsGood(At(2, 2)));
    }

    [Fact]
    public void Dispose_EndsIt_AndPutsItsKeyAway()
    {
        var signer = new Signer();
        var ring = Rings.Of(KeyStatus.Active);
        var lease = new SignerLease(ring, ring.Active, signer);
        Assert.Equal((ring, ring.Active, signer), (lease.Ring, lease.Usable, lease.Signer));

        lease.Dispose();

        Assert.Equal((true, true), (lease.IsEnded, signer.IsDisposed));
        New().Dispose();
    }

    private static SignerLease New() => new(Rings.Of(KeyStatus.Active), null, null);

    private static LeaseTime At(long steady, long wall) => new(steady, wall);

    private sealed class Signer : ISigner
    {
        public bool IsDisposed { get; private set; }

        public byte[] Sign(ReadOnlySpan<byte> data) => throw new NotSupportedException();

        public void Dispose() => IsDisposed = true;
    }
}
