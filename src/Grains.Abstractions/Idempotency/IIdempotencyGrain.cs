namespace Gatehouse.Grains.Abstractions.Idempotency;

/// <summary>
/// The keys of one lane, each by its name (<see cref="IdempotencyKeyName"/>): a key of one endpoint of one tenant. What
/// it stands for is started at most once, unless the endpoint's policy says otherwise. A key always has the same lane
/// (<see cref="IdempotencyKeyHandle"/>); a grain for each would cost more than what it does.
/// </summary>
[Alias("idempotency.key")]
public interface IIdempotencyGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Claims the key for one request, or answers what became of the one that has it. Safe to repeat by the same owner.
    /// </summary>
    /// <exception cref="Resilience.ServiceOverloadedException">The store does not answer; the effect must not start.
    /// </exception>
    [Alias("begin"), ResponseTimeout("00:00:03")]
    Task<BeginResult> BeginAsync(string name, BeginCall asked);

    /// <summary>
    /// The same for a call that waits while another one is doing it (<see cref="BeginCall.Wait"/>). Apart from the
    /// other, whose callers learn within seconds that nobody is there to answer.
    /// </summary>
    [Alias("begin-waiting"), ResponseTimeout("00:00:35")]
    Task<BeginResult> BeginWaitingAsync(string name, BeginCall asked);

    /// <summary>Keeps the answer of the request that began with that epoch. Safe to repeat.</summary>
    [Alias("complete"), ResponseTimeout("00:00:03")]
    Task<StepOutcome> CompleteAsync(string name, long epoch, StoredResponse response);

    /// <summary>Gives the key back: the request that began with that epoch had no effect. Safe to repeat.</summary>
    [Alias("release"), ResponseTimeout("00:00:03")]
    Task<StepOutcome> ReleaseAsync(string name, long epoch);

    /// <summary>
    /// Gives back what that owner claimed, if it claimed anything: whoever never learned its epoch. Safe to repeat.
    /// </summary>
    [Alias("give-back"), ResponseTimeout("00:00:03")]
    Task<StepOutcome> GiveBackAsync(string name, string owner);

    /// <summary>Keeps the claim for longer.</summary>
    [Alias("renew"), ResponseTimeout("00:00:03")]
    Task<StepOutcome> RenewAsync(string name, long epoch, TimeSpan lease);

    /// <summary>What is stored; null: nothing.</summary>
    [Alias("get"), ResponseTimeout("00:00:03")]
    Task<IdempotencyEntry?> GetAsync(string name);
}

/// <summary>What to do with a claim whose owner has not come back.</summary>
[GenerateSerializer, Alias("idempotency.policy")]
public enum AbandonedPolicy
{
    /// <summary>Not set.</summary>
    None = 0,

    /// <summary>Nobody knows whether it had its effect, so it is not started again.</summary>
    Hold = 1,

    /// <summary>It is safe to start it again.</summary>
    Retry = 2,
}

/// <summary>A request that wants to start.</summary>
[GenerateSerializer, Immutable, Alias("idempotency.begin-call")]
public sealed record BeginCall
{
    /// <summary>What the request is: a hash of all that tells it from others.</summary>
    [Id(0)] public required string Fingerprint { get; init; }

    /// <summary>Names this very request, so that a claim whose answer was lost is known again.</summary>
    [Id(1)] public required string Owner { get; init; }

    /// <summary>How long the claim is kept without being renewed.</summary>
    [Id(2)] public required TimeSpan Lease { get; init; }

    /// <summary>What to do with a claim that was abandoned.</summary>
    [Id(3)] public required AbandonedPolicy Abandoned { get; init; }

    /// <summary>How long to wait for the request that has the key.</summary>
    [Id(4)] public TimeSpan Wait { get; init; }

    /// <summary>
    /// Whether the owner sends this call again until it is answered. Then a claim whose answer was lost is its to have
    /// or to give back: it must not be given back behind a repetition that has it.
    /// </summary>
    [Id(5)] public bool IsRepeated { get; init; }
}

/// <summary>What became of a call to begin.</summary>
[GenerateSerializer, Alias("idempotency.begin-outcome")]
public enum BeginOutcome
{
    /// <summary>Not set; never an answer.</summary>
    None = 0,

    /// <summary>The key is this request's: start the effect.</summary>
    Started = 1,

    /// <summary>It was done; its answer is here.</summary>
    Completed = 2,

    /// <summary>It was done; its answer is not kept.</summary>
    Tombstoned = 3,

    /// <summary>It is being done.</summary>
    InProgress = 4,

    /// <summary>It was begun, and nobody knows how it ended.</summary>
    Unknown = 5,

    /// <summary>The key stands for another request.</summary>
    Mismatch = 6,
}

/// <summary>The answer to a call to begin.</summary>
[GenerateSerializer, Immutable, Alias("idempotency.begin-result")]
public sealed record BeginResult
{
    /// <summary>What became of it.</summary>
    [Id(0)] public required BeginOutcome Outcome { get; init; }

    /// <summary>Counts the claims of the key: who completes shows it.</summary>
    [Id(1)] public long Epoch { get; init; }

    /// <summary>In progress: when to try again.</summary>
    [Id(2)] public TimeSpan RetryAfter { get; init; }

    /// <summary>The answer; of a tombstone without its body.</summary>
    [Id(3)] public StoredResponse? Response { get; init; }
}

/// <summary>What became of a step of whoever has begun.</summary>
[GenerateSerializer, Alias("idempotency.step-outcome")]
public enum StepOutcome
{
    /// <summary>Not set; never an answer.</summary>
    None = 0,

    /// <summary>Done, now or before.</summary>
    Done = 1,

    /// <summary>Somebody else has begun since, or the key was given back.</summary>
    Stale = 2,

    /// <summary>The key is not known, or not any more.</summary>
    Absent = 3,

    /// <summary>The answer is not one that is kept: the key was given back.</summary>
    Released = 4,

    /// <summary>The answer says that nobody knows what happened: so does the key from here on.</summary>
    Unknown = 5,
}

/// <summary>An answer that is kept.</summary>
[GenerateSerializer, Immutable, Alias("idempotency.response")]
public sealed record StoredResponse
{
    /// <summary>The status code.</summary>
    [Id(0)] public required int Status { get; init; }

    /// <summary>The headers that are kept.</summary>
    [Id(1)] public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>The body's bytes.</summary>
    [Id(2)] public byte[] Body { get; init; } = [];

    /// <summary>
    /// Whether there was a body that is not to be kept: it is done, and its answer is not given again.
    /// </summary>
    [Id(3)] public bool IsTombstone { get; init; }
}

/// <summary>A key as it is stored, for whoever looks after the service; without the answer.</summary>
[GenerateSerializer, Immutable, Alias("idempotency.entry")]
public sealed record IdempotencyEntry
{
    /// <summary>in_progress, completed, released, unknown or tombstoned.</summary>
    [Id(0)] public required string State { get; init; }

    /// <summary>How often the key was claimed.</summary>
    [Id(1)] public required long Epoch { get; init; }

    /// <summary>What the request was.</summary>
    [Id(2)] public required string Fingerprint { get; init; }

    /// <summary>In progress: how long the claim lasts; negative: for how long it has been abandoned.</summary>
    [Id(3)] public TimeSpan LeaseLeft { get; init; }

    /// <summary>The answer's status code; 0: none.</summary>
    [Id(4)] public int Status { get; init; }
}
