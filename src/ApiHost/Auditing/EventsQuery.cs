using Gatehouse.ApiHost.Http;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.ApiHost.Auditing;

/// <summary>Which events are asked for.</summary>
internal sealed record EventsQuery
{
    /// <summary>The place to start at. Default: 0.</summary>
    public long? From { get; init; }

    /// <summary>How many at most, 1 to 1,000. Default: 100.</summary>
    public int? Limit { get; init; }

    /// <summary>Who: <c>type:id</c>, or an id of any type.</summary>
    public string? Actor { get; init; }

    /// <summary>What was done.</summary>
    public string? Action { get; init; }

    /// <summary>What it was done to: <c>type:id</c>, or an id of any type.</summary>
    public string? Resource { get; init; }

    /// <summary>success, failure or denied.</summary>
    public string? Outcome { get; init; }

    /// <summary>Recorded then or later.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Recorded before then.</summary>
    public DateTimeOffset? Until { get; init; }

    public FieldFault? TryRead(out AuditFilter filter)
    {
        var (actorType, actorId) = Party(Actor);
        var (resourceType, resourceId) = Party(Resource);
        var outcome = AuditEventReader.OutcomeOf(Outcome);
        filter = new AuditFilter
        {
            ActorType = actorType,
            ActorId = actorId,
            Action = Action,
            ResourceType = resourceType,
            ResourceId = resourceId,
            Outcome = Outcome is null ? null : outcome,
            Since = Since,
            Until = Until,
        };
        return From < 0 ? new FieldFault("from", "must not be negative")
            : Limit is < 1 or > Pages.LimitMax ? new FieldFault("limit", $"must be between 1 and {Pages.LimitMax}")
            : Outcome is not null && outcome is AuditOutcome.None
                ? new FieldFault("outcome", AuditEventReader.OutcomeRule)
                : FreeText.Fault("actor", Actor, 385) ?? FreeText.Fault("action", Action, 256)
                    ?? FreeText.Fault("resource", Resource, 385);
    }

    private static (string? Type, string? Id) Party(string? text) => text?.IndexOf(':', StringComparison.Ordinal) switch
    {
        null => (null, null),
        < 0 => (null, text),
        { } colon => (text[..colon], text[(colon + 1)..]),
    };
}
