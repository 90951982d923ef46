namespace Gatehouse.Grains.Abstractions.Auditing;

/// <summary>Which entries are looked for: all that is given has to fit, letter by letter.</summary>
[GenerateSerializer, Immutable, Alias("audit.filter")]
public sealed record AuditFilter
{
    /// <summary>The actor's kind.</summary>
    [Id(0)] public string? ActorType { get; init; }

    /// <summary>The actor's id.</summary>
    [Id(1)] public string? ActorId { get; init; }

    /// <summary>What was done.</summary>
    [Id(2)] public string? Action { get; init; }

    /// <summary>The resource's kind.</summary>
    [Id(3)] public string? ResourceType { get; init; }

    /// <summary>The resource's id.</summary>
    [Id(4)] public string? ResourceId { get; init; }

    /// <summary>How it ended.</summary>
    [Id(5)] public AuditOutcome? Outcome { get; init; }

    /// <summary>Recorded then or later.</summary>
    [Id(6)] public DateTimeOffset? Since { get; init; }

    /// <summary>Recorded before then.</summary>
    [Id(7)] public DateTimeOffset? Until { get; init; }

    /// <summary>Whether everything fits.</summary>
    public bool IsEmpty => this == new AuditFilter();
}
