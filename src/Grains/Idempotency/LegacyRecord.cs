using Gatehouse.Grains.Abstractions.Idempotency;

namespace Gatehouse.Grains.Idempotency;

/// <summary>Where a key lies in the older layout, and the mark that says whose it is there.</summary>
/// <param name="Name">The name; the keys of all tenants and endpoints share it.</param>
/// <param name="Tenant">The tenant.</param>
/// <param name="Endpoint">The endpoint.</param>
internal sealed record LegacyRecord(string Name, string Tenant, string Endpoint)
{
    private const string Prefix = "idempotency:";

    /// <summary>
    /// The record of a key by its name. Null where there is none: with such a key, a caller would reach the name of
    /// another tenant's key in the layout of today.
    /// </summary>
    public static LegacyRecord? Of(string name) =>
        IdempotencyKeyName.TryParse(name, out var tenant, out var endpoint, out var key)
        && !key.StartsWith("tenant:", StringComparison.Ordinal)
            ? new LegacyRecord(Prefix + key, tenant, endpoint)
            : null;
}
