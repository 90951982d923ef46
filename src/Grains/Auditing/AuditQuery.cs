using System.Text.Json;
using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Grains.Auditing;

/// <summary>Looks for entries that no index knows yet.</summary>
internal static class AuditQuery
{
    /// <summary>Whether a filter lets an entry through.</summary>
    public static bool Fits(AuditFilter filter, byte[] entry)
    {
        using var json = JsonDocument.Parse(entry);
        var root = json.RootElement;
        var hasResource = root.TryGetProperty("resource", out var resource);
        var at = root.GetProperty("recordedAt").GetDateTimeOffset();
        return Fits(filter.ActorType, root.GetProperty("actor").GetProperty("type"))
            && Fits(filter.ActorId, root.GetProperty("actor").GetProperty("id"))
            && Fits(filter.Action, root.GetProperty("action"))
            && (filter.ResourceType is null || (hasResource && Fits(filter.ResourceType, resource.GetProperty("type"))))
            && (filter.ResourceId is null || (hasResource && Fits(filter.ResourceId, resource.GetProperty("id"))))
            && (filter.Outcome is not { } outcome || Fits(AuditEntry.Name(outcome), root.GetProperty("outcome")))
            && (filter.Since is not { } since || at >= since)
            && (filter.Until is not { } until || at < until);
    }

    private static bool Fits(string? wanted, JsonElement value) => wanted is null || value.ValueEquals(wanted);
}
