using Gatehouse.Grains.Abstractions.SigningKeys;

namespace Gatehouse.Grains.SigningKeys.Signing;

/// <summary>
/// The right of one silo to sign with one ring for a while. It ends by time, or at once when the ring has changed.
/// </summary>
internal sealed class SignerLease(KeyRingState ring, KeyVersion? usable, ISigner? signer, long renewAt, long until)
{
    private volatile bool _isEnded;

    /// <summary>The ring that it is for.</summary>
    public KeyRingState Ring => ring;

    /// <summary>The version that may sign; null: none.</summary>
    public KeyVersion? Usable => usable;

    /// <summary>Its private key; null when it does not open.</summary>
    public ISigner? Signer => signer;

    /// <summary>Whether it is time to renew it, by the process' own timestamps.</summary>
    public bool IsDue(long now) => now >= renewAt;

    /// <summary>Whether it may be signed now.</summary>
    public bool IsGood(long now) => !_isEnded && now < until;

    /// <summary>The same ring and key for longer.</summary>
    public SignerLease Renewed(long renewAt, long until) => new(ring, usable, signer, renewAt, until);

    /// <summary>Nothing is signed with it from here on; what is being signed is thrown away.</summary>
    public void End() => _isEnded = true;
}
