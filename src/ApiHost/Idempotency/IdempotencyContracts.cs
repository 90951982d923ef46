using System.Text.Json.Serialization;

namespace Gatehouse.ApiHost.Idempotency;

/// <summary>A request that wants to start.</summary>
internal sealed record BeginRequest
{
    /// <summary>
    /// The endpoint: its method and its route template, such as POST /orders/{id}. Without parameters in it, what looks
    /// like an id is taken out.
    /// </summary>
    public string? Endpoint { get; init; }

    /// <summary>The path as it was called, with its ids and its query, such as /orders/7.</summary>
    public string? Path { get; init; }

    /// <summary>The caller's key, 1 to 255 visible ASCII characters.</summary>
    public string? Key { get; init; }

    /// <summary>What else tells requests apart, such as a hash of the body. Up to 256 characters.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>
    /// What becomes of a claim whose owner does not come back: hold (default), nobody starts it again; retry, the
    /// next one does.
    /// </summary>
    public string? Policy { get; init; }

    /// <summary>How long the claim is kept without being renewed, ms: 1,000 to 3,600,000. Default: 60,000.</summary>
    public long? LeaseMs { get; init; }

    /// <summary>
    /// Names this very request, up to 64 characters that nobody else draws: sent again with it, begin gives the same
    /// claim again. Default: a new one, with which sending again finds the first one in progress.
    /// </summary>
    public string? Owner { get; init; }
}

/// <summary>Who has begun says how it ended.</summary>
internal sealed record CompleteRequest
{
    /// <summary>The endpoint, as in begin.</summary>
    public string? Endpoint { get; init; }

    /// <summary>The caller's key.</summary>
    public string? Key { get; init; }

    /// <summary>The epoch that begin answered.</summary>
    public long? Epoch { get; init; }

    /// <summary>What was answered.</summary>
    public ResponseDocument? Response { get; init; }
}

/// <summary>Who has begun gives the key back.</summary>
internal sealed record ReleaseRequest
{
    /// <summary>The endpoint, as in begin.</summary>
    public string? Endpoint { get; init; }

    /// <summary>The caller's key.</summary>
    public string? Key { get; init; }

    /// <summary>The epoch that begin answered.</summary>
    public long? Epoch { get; init; }

    /// <summary>Instead of the epoch, because begin was not answered: the owner that was sent with it.</summary>
    public string? Owner { get; init; }
}

/// <summary>Who has begun keeps the key for longer.</summary>
internal sealed record RenewRequest
{
    /// <summary>The endpoint, as in begin.</summary>
    public string? Endpoint { get; init; }

    /// <summary>The caller's key.</summary>
    public string? Key { get; init; }

    /// <summary>The epoch that begin answered.</summary>
    public long? Epoch { get; init; }

    /// <summary>How long the claim is kept from now on, ms: 1,000 to 3,600,000. Default: 60,000.</summary>
    public long? LeaseMs { get; init; }
}

/// <summary>An answer of the service whose effects are kept apart.</summary>
internal sealed record ResponseDocument
{
    /// <summary>The status code, 100 to 599.</summary>
    public int Status { get; init; }

    /// <summary>
    /// Content-Type, Location, ETag, Link, Content-Language and Content-Encoding are kept, others are not.
    /// </summary>
    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    /// <summary>The body, base64. More than 256 KiB are not kept: the key becomes a tombstone.</summary>
    public string? Body { get; init; }

    /// <summary>
    /// To complete: true where there was a body that is not to be kept; then none is given, and the key becomes a
    /// tombstone. Default: false.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Tombstone { get; init; }
}

/// <summary>What begin answers when there is something to do, or to give again.</summary>
internal sealed record BeginResponse
{
    /// <summary>started, completed or tombstoned.</summary>
    public required string State { get; init; }

    /// <summary>Counts the claims of this key: complete, release and renew show it.</summary>
    public required long Epoch { get; init; }

    /// <summary>Started: how long the claim is kept without being renewed, ms.</summary>
    public long? LeaseMs { get; init; }

    /// <summary>The first answer; of a tombstone without its body.</summary>
    public ResponseDocument? Response { get; init; }
}

/// <summary>What became of a step.</summary>
/// <param name="State">completed, unknown, released or in_progress.</param>
internal sealed record StepResponse(string State);

/// <summary>A key as it is stored, without the answer.</summary>
internal sealed record IdempotencyKeyResponse
{
    /// <summary>in_progress, completed, released, unknown or tombstoned.</summary>
    public required string State { get; init; }

    /// <summary>How often it was claimed.</summary>
    public required long Epoch { get; init; }

    /// <summary>What the request was, SHA-256.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>In progress: how long the claim lasts, ms; negative: for how long it has been abandoned.</summary>
    public required long LeaseLeftMs { get; init; }

    /// <summary>The status code of the answer; null: none.</summary>
    public int? Status { get; init; }
}
