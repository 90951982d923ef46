using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.Grains.SigningKeys;

/// <summary>
/// The versions that the configuration revokes, whatever is stored: <c>v1</c> in every ring, or <c>acme:v1</c> in one.
/// </summary>
internal sealed class RevokedVersions
{
    /// <summary>The rule for an entry, in words.</summary>
    public const string Rule = "must be a version such as v1, or a tenant's version such as acme:v1";

    private readonly HashSet<(string? Tenant, int Number)> _entries = [];

    public RevokedVersions(IEnumerable<string> entries)
    {
        foreach (var entry in entries)
        {
            if (TryRead(entry, out var tenant, out var number))
            {
                _entries.Add((tenant, number));
            }
        }
    }

    public static bool IsEntry(string text) => TryRead(text, out _, out _);

    public bool IsSameAs(RevokedVersions other) => _entries.SetEquals(other._entries);

    public bool Contains(string tenant, int number) =>
        _entries.Count > 0 && (_entries.Contains((null, number)) || _entries.Contains((tenant, number)));

    private static bool TryRead(string text, out string? tenant, out int number)
    {
        var colon = text.IndexOf(':');
        tenant = colon < 0 ? null : text[..colon];
        number = 0;
        return (tenant is null || TenantNames.IsTenant(tenant))
            && KeyVersions.TryParse(text.AsSpan(colon + 1), out number);
    }
}
