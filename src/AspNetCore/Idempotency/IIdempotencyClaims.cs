namespace Gatehouse.AspNetCore.Idempotency;

/// <summary>
/// Where claims are kept: a Gatehouse. Every call may be repeated. A <see cref="GatehouseRefusedException"/> says that
/// the service may not call it, or calls it wrongly.
/// </summary>
public interface IIdempotencyClaims
{
    /// <summary>Claims a key for a request, or says what became of the one that has it.</summary>
    /// <exception cref="GatehouseUnavailableException">Nothing was begun: the effect must not start.</exception>
    Task<ClaimAnswer> BeginAsync(ClaimKey key, ClaimRequest request, CancellationToken cancellation);

    /// <summary>Keeps the answer of the request that began with that epoch.</summary>
    /// <exception cref="GatehouseUnavailableException">Nobody knows whether it is kept.</exception>
    Task<ClaimEnd> CompleteAsync(ClaimKey key, long epoch, KeptResponse response, CancellationToken cancellation);

    /// <summary>Gives the key back: the request that began with that epoch had no effect.</summary>
    /// <exception cref="GatehouseUnavailableException">Nobody knows whether it is given back.</exception>
    Task<ClaimEnd> ReleaseAsync(ClaimKey key, long epoch, CancellationToken cancellation);

    /// <summary>Keeps the claim for longer.</summary>
    /// <exception cref="GatehouseUnavailableException">Nobody knows how long it lasts now.</exception>
    Task<ClaimEnd> RenewAsync(ClaimKey key, long epoch, TimeSpan lease, CancellationToken cancellation);
}

/// <summary>Names a claim.</summary>
/// <param name="Scope">Whose key it is: the same key of somebody else is another one. Null: everybody's.</param>
/// <param name="Endpoint">The endpoint, as <see cref="EndpointName"/> writes it.</param>
/// <param name="Key">The caller's key, 1 to 255 characters.</param>
public readonly record struct ClaimKey(string? Scope, string Endpoint, string Key);

/// <summary>A request that wants to start.</summary>
public sealed record ClaimRequest
{
    /// <summary>The path and the query as they were called.</summary>
    public required string Path { get; init; }

    /// <summary>Tells requests apart that have the same key (<see cref="RequestFingerprint"/>).</summary>
    public required string Fingerprint { get; init; }

    /// <summary>What becomes of a claim whose owner does not come back.</summary>
    public AbandonedClaim Abandoned { get; init; } = AbandonedClaim.Hold;

    /// <summary>How long the claim is kept without being renewed. Default: 60 s.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long to wait for the request that has the key. Default: not at all.</summary>
    public TimeSpan Wait { get; init; }
}

/// <summary>What to do about a request that was begun, and of which nobody knows how it ended.</summary>
public enum AbandonedClaim
{
    /// <summary>Not set.</summary>
    None = 0,

    /// <summary>It is not started again: 409 until somebody finds out.</summary>
    Hold = 1,

    /// <summary>It is safe to start it again.</summary>
    Retry = 2,
}

/// <summary>What became of a request that wanted to start.</summary>
public enum ClaimState
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

/// <summary>The answer to a request that wanted to start.</summary>
public sealed record ClaimAnswer
{
    /// <summary>What became of it.</summary>
    public required ClaimState State { get; init; }

    /// <summary>Counts the claims of the key: who completes shows it.</summary>
    public long Epoch { get; init; }

    /// <summary>In progress: when to try again.</summary>
    public TimeSpan RetryAfter { get; init; }

    /// <summary>The first answer; of a tombstone without its body.</summary>
    public KeptResponse? Response { get; init; }
}

/// <summary>What became of a step of whoever has begun.</summary>
public enum ClaimEnd
{
    /// <summary>Not set; never an answer.</summary>
    None = 0,

    /// <summary>Done, now or before.</summary>
    Done = 1,

    /// <summary>Somebody else has begun since, or it has ended otherwise. Nothing was changed.</summary>
    Stale = 2,

    /// <summary>The key is not known, or not any more.</summary>
    Absent = 3,
}

/// <summary>An answer that is kept.</summary>
public sealed record KeptResponse
{
    /// <summary>How long a body may be to be kept, bytes.</summary>
    public const int BodyMax = 256 * 1024;

    /// <summary>The status code.</summary>
    public required int Status { get; init; }

    /// <summary>The headers; those that do not say what the body is are left out.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>The body's bytes.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>
    /// Whether the body is not to be kept: repetitions are told that it was done, not what was answered.
    /// </summary>
    public bool Tombstone { get; init; }
}
