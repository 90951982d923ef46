using Gatehouse.Grains.Abstractions.SigningKeys;

namespace Gatehouse.Grains.SigningKeys.Signing;

/// <summary>
/// The right of one signer to sign with one ring for a while. It ends by time, or for good when the ring has changed.
/// One object for as long as it is extended: whoever still holds it learns of its end.
/// </summary>
/// <param name="ring">The ring that it is for.</param>
/// <param name="usable">The version that may sign; null: none.</param>
/// <param name="signer">Its private key; null when there is none, or when it does not open.</param>
internal sealed class SignerLease(KeyRingState ring, KeyVersion? usable, ISigner? signer) : IDisposable
{
    private long _renewAt;
    private long _until;
    private long _untilWall;
    private volatile bool _isEnded;

    public KeyRingState Ring => ring;

    public KeyVersion? Usable => usable;

    public ISigner? Signer => signer;

    public bool IsEnded => _isEnded;

    /// <summary>Lets it last for longer.</summary>
    /// <param name="asked">
    /// When the store was asked: from then it counts, so that it ends here before it ends in the store.
    /// </param>
    /// <param name="duration">How long it lasts.</param>
    /// <param name="frequency">Ticks of the steady clock in a second.</param>
    public void Extend(LeaseTime asked, TimeSpan duration, long frequency)
    {
        var steady = (long)(duration.TotalSeconds * frequency);
        Volatile.Write(ref _untilWall, asked.Wall + duration.Ticks);
        Volatile.Write(ref _renewAt, asked.Steady + (steady / 2));
        Volatile.Write(ref _until, asked.Steady + steady);
    }

    /// <summary>Whether it is time to renew it.</summary>
    public bool IsDue(LeaseTime now) => now.Steady >= Volatile.Read(ref _renewAt);

    /// <summary>Whether it may be signed now.</summary>
    public bool IsGood(LeaseTime now) =>
        !_isEnded && now.Steady < Volatile.Read(ref _until) && now.Wall < Volatile.Read(ref _untilWall);

    /// <summary>Nothing is signed with it from here on; what is being signed is thrown away.</summary>
    public void End() => _isEnded = true;

    public void Dispose()
    {
        End();
        signer?.Dispose();
    }
}

/// <summary>
/// The process' steady clock and its wall clock. The steady one stands still while a machine is suspended, the wall
/// clock can be put back: a lease ends by whichever is first.
/// </summary>
internal readonly record struct LeaseTime(long Steady, long Wall);
