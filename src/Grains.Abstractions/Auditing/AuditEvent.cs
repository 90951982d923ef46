using System.Text;

namespace Gatehouse.Grains.Abstractions.Auditing;

/// <summary>How what was tried ended.</summary>
[GenerateSerializer, Alias("audit.outcome")]
public enum AuditOutcome
{
    /// <summary>Not set; never recorded.</summary>
    None = 0,

    /// <summary>It was done.</summary>
    Success = 1,

    /// <summary>It was tried and did not work.</summary>
    Failure = 2,

    /// <summary>It was not allowed.</summary>
    Denied = 3,
}

/// <summary>Somebody or something, named by a kind and an id of that kind.</summary>
/// <param name="Type">The kind, such as <c>user</c>.</param>
/// <param name="Id">The id.</param>
[GenerateSerializer, Immutable, Alias("audit.party")]
public sealed record AuditParty([property: Id(0)] string Type, [property: Id(1)] string Id);

/// <summary>What is to be recorded.</summary>
[GenerateSerializer, Immutable, Alias("audit.event")]
public sealed record AuditEvent
{
    /// <summary>How many of them one call may record.</summary>
    public const int CountMax = 1_000;

    /// <summary>What the ids of Gatehouse's own records begin with; no caller may use one.</summary>
    public const string ReservedIdPrefix = "gatehouse:";

    /// <summary>The kind of actor that Gatehouse itself is; no caller may be one.</summary>
    public const string ReservedActorType = "gatehouse";

    /// <summary>The event's own id: sent again, it is recorded once.</summary>
    [Id(0)] public required string Id { get; init; }

    /// <summary>Who did it.</summary>
    [Id(1)] public required AuditParty Actor { get; init; }

    /// <summary>What was done.</summary>
    [Id(2)] public required string Action { get; init; }

    /// <summary>What it was done to; null: nothing in particular.</summary>
    [Id(3)] public AuditParty? Resource { get; init; }

    /// <summary>How it ended.</summary>
    [Id(4)] public required AuditOutcome Outcome { get; init; }

    /// <summary>When it happened, by the caller's clock; null: when it is recorded.</summary>
    [Id(5)] public DateTimeOffset? OccurredAt { get; init; }

    /// <summary>Where it was seen, such as a service's name.</summary>
    [Id(6)] public string? Source { get; init; }

    /// <summary>The trace that it belongs to.</summary>
    [Id(7)] public string? Trace { get; init; }

    /// <summary>Anything else: an object in canonical form (<see cref="CanonicalJson"/>); null: nothing.</summary>
    [Id(8)] public byte[]? Metadata { get; init; }

    /// <summary>About how many bytes it takes in the chain: its own, and what places it there.</summary>
    public int Weight => 512 + Bytes(Id) + Bytes(Action) + Bytes(Actor.Type) + Bytes(Actor.Id) + Bytes(Resource?.Type)
        + Bytes(Resource?.Id) + Bytes(Source) + Bytes(Trace) + (Metadata?.Length ?? 0);

    private static int Bytes(string? text) => text is null ? 0 : Encoding.UTF8.GetByteCount(text);
}
