using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Gatehouse.AspNetCore;

/// <summary>What is to be recorded in the tenant's audit chain.</summary>
public sealed record AuditEvent
{
    /// <summary>
    /// The event's own id, 1 to 128 characters: with it the event is recorded once, however often it is sent, for a day
    /// at least. Sent with another content it is refused. Default: a new one.
    /// </summary>
    public string? Id { get; init; }

    /// <summary>Who did it.</summary>
    public required AuditParty Actor { get; init; }

    /// <summary>What was done, such as <c>order.refund</c>. 1 to 256 characters.</summary>
    public required string Action { get; init; }

    /// <summary>What it was done to. Default: nothing in particular.</summary>
    public AuditParty? Resource { get; init; }

    /// <summary>How it ended.</summary>
    public required AuditOutcome Outcome { get; init; }

    /// <summary>
    /// When it happened. Default: when it is written; of an event with an id of its own, when it is recorded, because
    /// it has to be the same whenever it is sent.
    /// </summary>
    public DateTimeOffset? OccurredAt { get; init; }

    /// <summary>Where it was seen, such as the service's name. Up to 256 characters.</summary>
    public string? Source { get; init; }

    /// <summary>The trace that it belongs to, such as a traceparent. Up to 256 characters.</summary>
    public string? Trace { get; init; }

    /// <summary>Anything else. With the rest of the event 65,535 bytes at most.</summary>
    public JsonObject? Metadata { get; init; }
}

/// <summary>Somebody or something.</summary>
/// <param name="Type">The kind, such as <c>user</c>. 1 to 128 characters; not <c>gatehouse</c>.</param>
/// <param name="Id">The id. 1 to 256 characters.</param>
public sealed record AuditParty(string Type, string Id);

/// <summary>How something ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AuditOutcome>))]
public enum AuditOutcome
{
    /// <summary>Not set; not an outcome.</summary>
    None = 0,

    /// <summary>It was done.</summary>
    [JsonStringEnumMemberName("success")]
    Success = 1,

    /// <summary>It went wrong.</summary>
    [JsonStringEnumMemberName("failure")]
    Failure = 2,

    /// <summary>It was not allowed.</summary>
    [JsonStringEnumMemberName("denied")]
    Denied = 3,
}

/// <summary>Where a recorded event stands.</summary>
public sealed record AuditReceipt
{
    /// <summary>Its place in the chain, counted from 0.</summary>
    public required long Seq { get; init; }

    /// <summary>The event's id.</summary>
    public required string Id { get; init; }

    /// <summary>The hash of its entry (RFC 6962 leaf), hex.</summary>
    public required string Hash { get; init; }

    /// <summary>The hash of the entry before it; zeros for the first.</summary>
    public required string PrevHash { get; init; }

    /// <summary>When it was recorded, in the time of Gatehouse's region.</summary>
    public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>The size of a tree that holds it.</summary>
    public required long TreeSize { get; init; }

    /// <summary>The root of that tree (RFC 6962), hex.</summary>
    public required string Root { get; init; }
}
