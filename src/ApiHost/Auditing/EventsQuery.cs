using Gatehouse.ApiHost.Http;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Tenants;
using Microsoft.AspNetCore.Mvc;

namespace Gatehouse.ApiHost.Auditing;

/// <summary>Which events are asked for.</summary>
internal sealed record EventsQuery
{
    /// <summary>The place to start at. Default: 0.</summary>
    [FromQuery(Name = "from")]
    public long? From { get; init; }

    /// <summary>How many at most, 1 to 1,000. Default: 100.</summary>
    [FromQuery(Name = "limit")]
    public int? Limit { get; init; }

    /// <summary>Who: <c>type:id</c>, or an id of any type.</summary>
    [FromQuery(Name = "actor")]
    public string? Actor { get; init; }

    /// <summary>What was done.</summary>
    [FromQuery(Name = "action")]
    public string? Action { get; init; }

    /// <summary>What it was done to: <c>type:id</c>, or an id of any type.</summary>
    [FromQuery(Name = "resource")]
    public string? Resource { get; init; }

    /// <summary>success, failure or denied.</summary>
    [FromQuery(Name = "outcome")]
    public string? Outcome { get; init; }

    /// <summary>Recorded then or later. RFC 3339, with an offset.</summary>
    [FromQuery(Name = "since")]
    public string? Since { get; init; }

    /// <summary>Recorded before then. RFC 3339, with an offset.</summary>
    [FromQuery(Name = "until")]
    public string? Until { get; init; }

    public FieldFault? TryRead(out AuditFilter filter)
    {
        var (actorType, actorId) = Party(Actor);
        var (resourceType, resourceId) = Party(Resource);
        var outcome = AuditEventReader.OutcomeOf(Outcome);
        var hasSince = Rfc3339.TryParse(Since, out var since);
        var hasUntil = Rfc3339.TryParse(Until, out var until);
        filter = new AuditFilter
        {
            ActorType = actorType,
            ActorId = actorId,
            Action = Action,
            ResourceType = resourceType,
            ResourceId = resourceId,
            Outcome = Outcome is null ? null : outcome,
            Since = hasSince ? since : null,
            Until = hasUntil ? until : null,
        };
        return From < 0 ? new FieldFault("from", "must not be negative")
            : Limit is < 1 or > Pages.LimitMax ? new FieldFault("limit", $"must be between 1 and {Pages.LimitMax}")
            : Outcome is not null && outcome is AuditOutcome.None
                ? new FieldFault("outcome", AuditEventReader.OutcomeRule)
            : Since is not null && !hasSince ? new FieldFault("since", Rfc3339.Rule)
            : Until is not null && !hasUntil ? new FieldFault("until", Rfc3339.Rule)
            : PartyFault("actor", Actor) ?? FreeText.Fault("action", Action, 256) ?? PartyFault("resource", Resource);
    }

    /// <summary>Half a party would find nothing, and look like an answer.</summary>
    private static FieldFault? PartyFault(string field, string? text) =>
        FreeText.Fault(field, text, 385) ?? (Party(text) is ("", _) or (_, "")
            ? new FieldFault(field, "must be type:id, or an id")
            : null);

    private static (string? Type, string? Id) Party(string? text) => text?.IndexOf(':', StringComparison.Ordinal) switch
    {
        null => (null, null),
        < 0 => (null, text),
        { } colon => (text[..colon], text[(colon + 1)..]),
    };
}
