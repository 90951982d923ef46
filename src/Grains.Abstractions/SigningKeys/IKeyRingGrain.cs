using Gatehouse.Grains.Abstractions.Tenants;
using Orleans.Concurrency;

namespace Gatehouse.Grains.Abstractions.SigningKeys;

/// <summary>
/// One tenant's key ring. The key is the tenant's id. Every change is one compare-and-set of the whole ring, so that a
/// crash leaves the old one or the new one; a change is durable when its call returns. All are safe to repeat, but for
/// <see cref="RotateNowAsync"/>, which needs a precondition for that. The two that wait for others let other calls
/// through meanwhile: the store compares, not the queue of this grain.
/// </summary>
[Alias("keys.ring-grain")]
public interface IKeyRingGrain : IGrainWithStringKey
{
    /// <summary>
    /// Reads the ring, or null when it is still the one that <paramref name="knownVersion"/> names. Makes none: a
    /// tenant that never signed has an empty one.
    /// </summary>
    [Alias("get"), ResponseTimeout("00:00:02"), AlwaysInterleave]
    Task<KeyRingSnapshot?> GetAsync(string? knownVersion);

    /// <summary>Makes the first key, unless there is one. It signs at once: nobody can know an older one.</summary>
    [Alias("ensure"), ResponseTimeout("00:00:05")]
    Task<KeyRingChange> EnsureAsync();

    /// <summary>
    /// Publishes a new key, which is promoted after the propagation window. While one waits for that, it is answered
    /// and no other is made.
    /// </summary>
    /// <param name="algorithm">The new key's; null: the configured one.</param>
    /// <param name="precondition">On the ring's entity tag.</param>
    [Alias("rotate"), ResponseTimeout("00:00:05")]
    Task<KeyRingChange> RotateAsync(string? algorithm, Precondition precondition);

    /// <summary>
    /// For a key that may be known to others: makes a new one that signs at once and revokes the active and any pending
    /// one in the same step. Returns when no signer can use them any more.
    /// </summary>
    /// <param name="algorithm">The new key's; null: the configured one.</param>
    /// <param name="reason">Why, for whoever verifies.</param>
    /// <param name="precondition">On the ring's entity tag.</param>
    [Alias("rotate-now"), ResponseTimeout("00:00:08"), AlwaysInterleave]
    Task<KeyRingChange> RotateNowAsync(string? algorithm, string reason, Precondition precondition);

    /// <summary>Promotes a pending version, after its propagation window unless it is forced.</summary>
    [Alias("promote"), ResponseTimeout("00:00:05")]
    Task<KeyRingChange> PromoteAsync(int number, bool isForced, Precondition precondition);

    /// <summary>
    /// Revokes a version. Returns when no signer can use it any more: each said so, or its lease ran out. The active
    /// version is followed by the pending one, if there is one; else nothing is signed until there is a new one.
    /// </summary>
    [Alias("revoke"), ResponseTimeout("00:00:08"), AlwaysInterleave]
    Task<KeyRingChange> RevokeAsync(int number, string reason, Precondition precondition);

    /// <summary>Erases the private key of a retired or revoked version.</summary>
    [Alias("destroy"), ResponseTimeout("00:00:05")]
    Task<KeyRingChange> DestroyAsync(int number, Precondition precondition);

    /// <summary>Wraps every private key that another key-encryption key wraps under the first configured one.</summary>
    [Alias("rewrap"), ResponseTimeout("00:00:05")]
    Task<KeyRingChange> RewrapAsync();

    /// <summary>Promotes or rotates what is due by time.</summary>
    [Alias("keep-up"), ResponseTimeout("00:00:05")]
    Task KeepUpAsync();
}

/// <summary>What became of a change.</summary>
[GenerateSerializer, Alias("keys.outcome")]
public enum KeyRingOutcome
{
    /// <summary>Not set; never an answer.</summary>
    None = 0,

    /// <summary>Done, now or before.</summary>
    Done = 1,

    /// <summary>The ring has no such version.</summary>
    NotFound = 2,

    /// <summary>The version's status does not allow it.</summary>
    WrongStatus = 3,

    /// <summary>The pending version has not been published for long enough.</summary>
    TooEarly = 4,

    /// <summary>The ring is not the one that the precondition names.</summary>
    PreconditionFailed = 5,

    /// <summary>The ring holds as many versions as it may.</summary>
    TooMany = 6,

    /// <summary>A wrapped key does not open: another key-encryption key wrapped it, or it was tampered with.</summary>
    Unreadable = 7,
}

/// <summary>The outcome of a change, and the ring after it.</summary>
[GenerateSerializer, Immutable, Alias("keys.change")]
public sealed record KeyRingChange
{
    /// <summary>What became of it.</summary>
    [Id(0)] public required KeyRingOutcome Outcome { get; init; }

    /// <summary>The ring as it is now.</summary>
    [Id(1)] public required KeyRingSnapshot Ring { get; init; }

    /// <summary>The version that the call was about, or that it made.</summary>
    [Id(2)] public int Number { get; init; }
}
