using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gatehouse.ApiHost.Auditing;

/// <summary>Somebody or something.</summary>
internal sealed record PartyRequest
{
    /// <summary>The kind, such as user. 1 to 128 characters.</summary>
    public string? Type { get; init; }

    /// <summary>The id. 1 to 256 characters.</summary>
    public string? Id { get; init; }
}

/// <summary>What is to be recorded.</summary>
internal record AuditEventRequest
{
    /// <summary>
    /// The event's own id, 1 to 128 characters: sent again, the event is recorded once. Default: a new one, with which
    /// sending again records it again.
    /// </summary>
    public string? Id { get; init; }

    /// <summary>Who did it.</summary>
    public PartyRequest? Actor { get; init; }

    /// <summary>What was done, such as order.refund. 1 to 256 characters.</summary>
    public string? Action { get; init; }

    /// <summary>What it was done to. Default: nothing in particular.</summary>
    public PartyRequest? Resource { get; init; }

    /// <summary>success, failure or denied.</summary>
    public string? Outcome { get; init; }

    /// <summary>When it happened. Default: when it is recorded.</summary>
    public DateTimeOffset? OccurredAt { get; init; }

    /// <summary>Where it was seen, such as a service's name. Up to 256 characters.</summary>
    public string? Source { get; init; }

    /// <summary>The trace that it belongs to, such as a traceparent. Up to 256 characters.</summary>
    public string? Trace { get; init; }

    /// <summary>Anything else: an object. It is stored in canonical form (RFC 8785).</summary>
    public JsonElement? Metadata { get; init; }
}

/// <summary>One event, or several.</summary>
internal sealed record AppendRequest : AuditEventRequest
{
    /// <summary>1 to 1,000 events, recorded one after the other, all or none. Then no other field is given.</summary>
    public IReadOnlyList<AuditEventRequest>? Events { get; init; }
}

/// <summary>Where an event stands.</summary>
internal sealed record ReceiptResponse
{
    /// <summary>Its place in the chain, counted from 0.</summary>
    public required long Seq { get; init; }

    /// <summary>The event's id.</summary>
    public required string Id { get; init; }

    /// <summary>The hash of its entry (RFC 6962 leaf), hex.</summary>
    public required string Hash { get; init; }

    /// <summary>The hash of the entry before it; zeros for the first.</summary>
    public required string PrevHash { get; init; }

    /// <summary>When it was recorded, in the region's time.</summary>
    public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>The size of a tree that holds it.</summary>
    public required long TreeSize { get; init; }

    /// <summary>The root of that tree (RFC 6962), hex.</summary>
    public required string Root { get; init; }

    /// <summary>
    /// With <c>proof=true</c>: an inclusion proof for the checkpoint's tree, hex (RFC 6962, section 2.1.1).
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Proof { get; init; }

    /// <summary>With <c>proof=true</c>: the checkpoint, a signed note.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Checkpoint { get; init; }
}

/// <summary>Receipts, in the order of the events.</summary>
/// <param name="Items">One per event.</param>
internal sealed record ReceiptsResponse(IReadOnlyList<ReceiptResponse> Items);

/// <summary>The head of a chain.</summary>
internal sealed record HeadResponse
{
    /// <summary>How many entries there are.</summary>
    public required long Size { get; init; }

    /// <summary>The hash of the last one, hex; zeros without one.</summary>
    public required string Hash { get; init; }

    /// <summary>The root of the tree of all of them (RFC 6962), hex.</summary>
    public required string Root { get; init; }

    /// <summary>Whether the store has lost entries that were acknowledged; then nothing is recorded.</summary>
    public required bool Frozen { get; init; }
}

/// <summary>An entry as it is stored, for the OpenAPI document; the bytes themselves are answered.</summary>
internal sealed record EntryResponse : AuditEventRequest
{
    /// <summary>Its place.</summary>
    public long Seq { get; init; }

    /// <summary>Whose chain it is.</summary>
    public string Tenant { get; init; } = "";

    /// <summary>The hash of the entry before it.</summary>
    public string PrevHash { get; init; } = "";

    /// <summary>When it was recorded.</summary>
    public DateTimeOffset RecordedAt { get; init; }

    /// <summary>The version of the format.</summary>
    public int V { get; init; }

    /// <summary>The hash of the entry, which is of all members but this one.</summary>
    public string Hash { get; init; } = "";
}

/// <summary>Entries, and what they are complete up to.</summary>
/// <param name="Items">The entries.</param>
/// <param name="Next">Where the next page starts: pass it as <c>from</c>. Null at the end.</param>
/// <param name="PrunedBefore">
/// Entries before this one were deleted, as the retention has it. 0: none that was asked for.
/// </param>
/// <param name="Head">The chain when they were read: none before its size is missing.</param>
internal sealed record EntriesResponse(
    IReadOnlyList<EntryResponse> Items, long? Next, long PrunedBefore, HeadResponse Head);
