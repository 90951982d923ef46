using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gatehouse.ApiHost.Http;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.ApiHost.Auditing;

/// <summary>Makes events of what callers send, or says which field breaks which rule.</summary>
internal static class AuditEventReader
{
    /// <summary>An entry's length fits into two bytes in a tile of entries (C2SP tlog-tiles).</summary>
    private const int EventBytesMax = 64 * 1024 - 1;
    private const string TooLarge = "must not make the event larger than 65535 bytes";
    private const string Reserved = "is reserved for what Gatehouse itself records";

    private const int TenantLengthMax = 64;

    // Below it no string can be so full of escapes that the entry is too large.
    private const int WeightSafe = EventBytesMax / 2;

    /// <summary>The rule for outcomes.</summary>
    public const string OutcomeRule = "must be success, failure or denied";

    /// <summary>An outcome by its name; none for anything else.</summary>
    public static AuditOutcome OutcomeOf(string? text) => text switch
    {
        "success" => AuditOutcome.Success,
        "failure" => AuditOutcome.Failure,
        "denied" => AuditOutcome.Denied,
        _ => AuditOutcome.None,
    };

    /// <summary>Whether that is the id of an event that was sent with that key.</summary>
    public static bool IsOf(string key, string id) => id.StartsWith(Prefix(key), StringComparison.Ordinal);

    /// <param name="request">The body.</param>
    /// <param name="key">The Idempotency-Key: events without an id get one that follows from it.</param>
    /// <param name="events">The events.</param>
    public static FieldFault? TryRead(AppendRequest request, string? key, out IReadOnlyList<AuditEvent> events)
    {
        events = [];
        if (request.Events is null)
        {
            var fault = TryRead(request, "", IdOf(key, 0), out var one);
            events = fault is null ? [one!] : [];
            return fault;
        }

        if (HasEvent(request))
        {
            return new FieldFault("events", "must not be given together with an event");
        }

        if (request.Events.Count is < 1 or > AuditEvent.CountMax)
        {
            return new FieldFault("events", $"must hold 1 to {AuditEvent.CountMax} events");
        }

        var read = new List<AuditEvent>(request.Events.Count);
        for (var i = 0; i < request.Events.Count; i++)
        {
            if (request.Events[i] is not { } item)
            {
                return new FieldFault($"events[{i}]", "must not be null");
            }

            if (TryRead(item, $"events[{i}].", IdOf(key, i), out var audited) is { } fault)
            {
                return fault;
            }

            read.Add(audited!);
        }

        events = read;
        return null;
    }

    private static bool HasEvent(AuditEventRequest request) => request is not
    {
        Id: null, Actor: null, Action: null, Resource: null, Outcome: null, OccurredAt: null, Source: null, Trace: null,
        Metadata: null,
    };

    private static string? IdOf(string? key, int index) =>
        key is null ? null : Prefix(key) + index.ToString(CultureInfo.InvariantCulture);

    private static string Prefix(string key) =>
        $"idempotency-key:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)))[..32]}:";

    private static FieldFault? TryRead(
        AuditEventRequest request, string path, string? defaultId, out AuditEvent? audited)
    {
        audited = null;
        AuditOutcome outcome = default;
        byte[]? metadata = null;
        if ((FreeText.Fault(path + "id", request.Id, 128)
            ?? Reservation(path, request)
            ?? FreeText.Fault(path + "action", request.Action, 256, isRequired: true)
            ?? Party(path + "actor", request.Actor, isRequired: true)
            ?? Party(path + "resource", request.Resource, isRequired: false)
            ?? FreeText.Fault(path + "source", request.Source, 256)
            ?? FreeText.Fault(path + "trace", request.Trace, 256)
            ?? Outcome(path + "outcome", request.Outcome, out outcome)
            ?? Metadata(path + "metadata", request.Metadata, out metadata)) is { } fault)
        {
            return fault;
        }

        audited = new AuditEvent
        {
            Id = request.Id ?? defaultId ?? Guid.CreateVersion7().ToString(),
            Actor = new AuditParty(request.Actor!.Type!, request.Actor.Id!),
            Action = request.Action!,
            Resource = request.Resource is { } resource ? new AuditParty(resource.Type!, resource.Id!) : null,
            Outcome = outcome,
            OccurredAt = request.OccurredAt,
            Source = request.Source,
            Trace = request.Trace,
            Metadata = metadata,
        };
        return IsTooLarge(audited) ? new FieldFault(path + "metadata", TooLarge) : null;
    }

    /// <summary>
    /// In the longest tenant's chain, at the last place there is: an event that is taken once is taken wherever and
    /// whenever it is sent again.
    /// </summary>
    private static bool IsTooLarge(AuditEvent audited) => audited.Weight > WeightSafe && AuditEntry.Compose(
        new string('t', TenantLengthMax), long.MaxValue, AuditEntry.Genesis, DateTimeOffset.MaxValue, audited)
        .Bytes.Length > EventBytesMax;

    private static FieldFault? Reservation(string path, AuditEventRequest request) =>
        request.Id?.StartsWith(AuditEvent.ReservedIdPrefix, StringComparison.Ordinal) is true
            ? new FieldFault(path + "id", Reserved)
            : request.Actor?.Type == AuditEvent.ReservedActorType
                ? new FieldFault(path + "actor.type", Reserved)
                : null;

    private static FieldFault? Party(string field, PartyRequest? party, bool isRequired) => party is null
        ? isRequired ? new FieldFault(field, "is required") : null
        : FreeText.Fault($"{field}.type", party.Type, 128, isRequired: true)
            ?? FreeText.Fault($"{field}.id", party.Id, 256, isRequired: true);

    private static FieldFault? Outcome(string field, string? text, out AuditOutcome outcome)
    {
        outcome = OutcomeOf(text);
        return text is null ? new FieldFault(field, "is required")
            : outcome is AuditOutcome.None ? new FieldFault(field, OutcomeRule)
            : null;
    }

    private static FieldFault? Metadata(string field, JsonElement? value, out byte[]? canonical)
    {
        canonical = null;
        if (value is not { } metadata)
        {
            return null;
        }

        if (metadata.ValueKind is not JsonValueKind.Object)
        {
            return new FieldFault(field, "must be an object");
        }

        // Before it is looked into: what is small to send can be much to sort.
        if (JsonMarshal.GetRawUtf8Value(metadata).Length > EventBytesMax)
        {
            return new FieldFault(field, TooLarge);
        }

        try
        {
            var output = new ArrayBufferWriter<byte>();
            CanonicalJson.Write(output, metadata);
            canonical = output.WrittenSpan.ToArray();
            return null;
        }
        catch (CanonicalJsonException broken)
        {
            return new FieldFault(field + broken.Path, broken.Rule);
        }
    }
}
