using Gatehouse.Grains.Abstractions.SigningKeys;

namespace Gatehouse.Grains.SigningKeys;

/// <summary>
/// The life of a ring: <c>Pending -> Active -> Retired -> Revoked -> Destroyed</c>. What a change does not allow leaves
/// the very same state.
/// </summary>
internal static class KeyRing
{
    /// <summary>A ring is one entry of the store, and must stay one that can be read quickly.</summary>
    public const int VersionsMax = 200;

    /// <summary>Room that is kept for emergencies: a full ring must still get rid of a key that others know.</summary>
    public const int EmergencyVersionsMax = 250;

    /// <summary>The number that the next version gets.</summary>
    public static int NextNumber(KeyRingState ring) => ring.Versions.Count + 1;

    /// <summary>The first key signs at once: nobody can know an older one.</summary>
    public static (KeyRingState Next, KeyRingOutcome Outcome) Create(
        KeyRingState ring, NewKey key, DateTimeOffset now) =>
        ring.Epoch > 0 ? (ring, KeyRingOutcome.Done) : Add(ring, key, KeyStatus.Active, promoteAt: null, now);

    /// <summary>Publishes a key; a ring without an active one has nothing to wait for but its verifiers.</summary>
    public static (KeyRingState Next, KeyRingOutcome Outcome) Rotate(
        KeyRingState ring, NewKey key, TimeSpan propagation, DateTimeOffset now) =>
        ring.Pending is not null ? (ring, KeyRingOutcome.Done)
        : ring.Epoch == 0 ? Create(ring, key, now)
        : Add(ring, key, KeyStatus.Pending, At(ring, now) + propagation, now);

    /// <summary>A new key signs at once; what signed, or was about to, is revoked in the same step.</summary>
    public static (KeyRingState Next, KeyRingOutcome Outcome) RotateNow(
        KeyRingState ring, NewKey key, string reason, DateTimeOffset now)
    {
        var (next, outcome) = Add(ring, key, KeyStatus.Active, promoteAt: null, now, EmergencyVersionsMax);
        return outcome is KeyRingOutcome.Done
            ? (Map(next, version => version.Number != key.Number && CanSign(version)
                ? Revoked(version, reason, next.ChangedAt)
                : version), outcome)
            : (ring, outcome);
    }

    public static (KeyRingState Next, KeyRingOutcome Outcome) Promote(
        KeyRingState ring, int number, bool isForced, DateTimeOffset now) => ring.Find(number) switch
        {
            null => (ring, KeyRingOutcome.NotFound),
            { Status: KeyStatus.Active } => (ring, KeyRingOutcome.Done),
            { Status: not KeyStatus.Pending } => (ring, KeyRingOutcome.WrongStatus),
            { PromoteAt: { } due } when !isForced && At(ring, now) < due => (ring, KeyRingOutcome.TooEarly),
            _ => (Promoted(Changed(ring, now), number), KeyRingOutcome.Done),
        };

    /// <summary>Promotes what is due.</summary>
    public static (KeyRingState Next, KeyRingOutcome Outcome) PromoteDue(KeyRingState ring, DateTimeOffset now) =>
        IsPromotionDue(ring, now)
            ? Promote(ring, ring.Pending!.Number, isForced: false, now)
            : (ring, KeyRingOutcome.Done);

    /// <summary>Whether a version has been published for long enough to be promoted.</summary>
    public static bool IsPromotionDue(KeyRingState ring, DateTimeOffset now) =>
        ring.Pending?.PromoteAt <= At(ring, now);

    /// <summary>
    /// The first revocation stays as it was said. The pending version takes over from the active one: it is published,
    /// if for a short time, and the alternative is not to sign.
    /// </summary>
    public static (KeyRingState Next, KeyRingOutcome Outcome) Revoke(
        KeyRingState ring, int number, string reason, DateTimeOffset now)
    {
        if (ring.Find(number) is not { } version)
        {
            return (ring, KeyRingOutcome.NotFound);
        }

        if (version.RevokedAt is not null)
        {
            return (ring, KeyRingOutcome.Done);
        }

        var changed = Changed(ring, now);
        var next = Map(changed, known => known.Number == number ? Revoked(known, reason, changed.ChangedAt) : known);
        return (version.Status is KeyStatus.Active && next.Pending is { } successor
            ? Promoted(next, successor.Number)
            : next, KeyRingOutcome.Done);
    }

    /// <summary>The private key is erased; the public one stays, so that old signatures still verify.</summary>
    public static (KeyRingState Next, KeyRingOutcome Outcome) Destroy(
        KeyRingState ring, int number, DateTimeOffset now) => ring.Find(number) switch
        {
            null => (ring, KeyRingOutcome.NotFound),
            { Status: KeyStatus.Destroyed } => (ring, KeyRingOutcome.Done),
            { Status: KeyStatus.Pending or KeyStatus.Active } => (ring, KeyRingOutcome.WrongStatus),
            _ => (Destroyed(Changed(ring, now), number), KeyRingOutcome.Done),
        };

    /// <summary>Puts the same private keys into other envelopes.</summary>
    public static (KeyRingState Next, KeyRingOutcome Outcome) Rewrap(
        KeyRingState ring, IReadOnlyDictionary<int, WrappedKey> envelopes, DateTimeOffset now) =>
        envelopes.Count == 0
            ? (ring, KeyRingOutcome.Done)
            : (Map(Changed(ring, now), version => envelopes.TryGetValue(version.Number, out var envelope)
                ? version with { PrivateKey = envelope }
                : version), KeyRingOutcome.Done);

    /// <summary>
    /// Whether it is time for a new key: the one that signs is older than the period, or was made before the time that
    /// the configuration names.
    /// </summary>
    public static bool NeedsRotation(
        KeyRingState ring, TimeSpan period, DateTimeOffset? rotateCreatedBefore, DateTimeOffset now) =>
        ring.Pending is null && ring.Active is { } active
        && ((period > TimeSpan.Zero && active.CreatedAt + period <= now)
            // A time to come would rotate again and again.
            || (active.CreatedAt < rotateCreatedBefore && rotateCreatedBefore <= now));

    private static bool CanSign(KeyVersion version) => version.Status is KeyStatus.Active or KeyStatus.Pending;

    /// <summary>Never before the last change: a clock that was put back must not put a ring in disorder.</summary>
    private static DateTimeOffset At(KeyRingState ring, DateTimeOffset now) =>
        now < ring.ChangedAt ? ring.ChangedAt : now;

    private static KeyRingState Changed(KeyRingState ring, DateTimeOffset now) =>
        ring with { Epoch = ring.Epoch + 1, ChangedAt = At(ring, now) };

    private static (KeyRingState Next, KeyRingOutcome Outcome) Add(
        KeyRingState ring, NewKey key, KeyStatus status, DateTimeOffset? promoteAt, DateTimeOffset now,
        int versionsMax = VersionsMax)
    {
        if (ring.Versions.Count >= versionsMax)
        {
            return (ring, KeyRingOutcome.TooMany);
        }

        var changed = Changed(ring, now);
        return (changed with
        {
            Versions =
            [
                .. ring.Versions, new KeyVersion
                {
                    Number = key.Number,
                    Algorithm = key.Algorithm,
                    Status = status,
                    PublicKey = key.PublicKey,
                    PrivateKey = key.PrivateKey,
                    CreatedAt = changed.ChangedAt,
                    PromoteAt = promoteAt,
                    ActivatedAt = status is KeyStatus.Active ? changed.ChangedAt : null,
                },
            ],
        }, KeyRingOutcome.Done);
    }

    private static KeyRingState Promoted(KeyRingState ring, int number) => Map(ring, version =>
        version.Number == number
            ? version with { Status = KeyStatus.Active, ActivatedAt = ring.ChangedAt, PromoteAt = null }
            : version.Status is KeyStatus.Active
                ? version with { Status = KeyStatus.Retired, RetiredAt = ring.ChangedAt }
                : version);

    private static KeyVersion Revoked(KeyVersion version, string reason, DateTimeOffset at) => version with
    {
        // What was destroyed stays so, and is known to be revoked by its time.
        Status = version.Status is KeyStatus.Destroyed ? KeyStatus.Destroyed : KeyStatus.Revoked,
        RevokedAt = at,
        Reason = reason,
        PromoteAt = null,
    };

    private static KeyRingState Destroyed(KeyRingState ring, int number) => Map(ring, version =>
        version.Number == number
            ? version with { Status = KeyStatus.Destroyed, PrivateKey = null, DestroyedAt = ring.ChangedAt }
            : version);

    private static KeyRingState Map(KeyRingState ring, Func<KeyVersion, KeyVersion> change) =>
        ring with { Versions = [.. ring.Versions.Select(change)] };
}
