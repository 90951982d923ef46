using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.Grains.Tenants;

/// <summary>What an API key must be like to be accepted.</summary>
internal static class ApiKeyRules
{
    private static readonly string ScopeRule = $"must be one of {string.Join(", ", Scopes.All)}";

    public static List<FieldFault> Validate(string tenant, ApiKeyRecord key, DateTimeOffset now)
    {
        var faults = new List<FieldFault>();
        if (key.Id.Length is 0 or > 100 || !key.Id.StartsWith($"{tenant}.", StringComparison.Ordinal)
            || !TenantNames.IsPolicy(key.Id.AsSpan(tenant.Length + 1)))
        {
            faults.Add(new FieldFault(
                "id", $"must be the tenant's id, a dot and a name of its own, such as {tenant}.ci"));
        }

        if (key.SecretHash.Length != 64 || !key.SecretHash.All(char.IsAsciiHexDigitLower))
        {
            faults.Add(new FieldFault("secretHash", "must be the SHA-256 of the key, 64 lower-case hex digits"));
        }

        if (key.Scopes.Count == 0)
        {
            faults.Add(new FieldFault("scopes", "must name at least one scope"));
        }

        for (var i = 0; i < key.Scopes.Count; i++)
        {
            if (!Scopes.All.Contains(key.Scopes[i]))
            {
                faults.Add(new FieldFault($"scopes[{i}]", ScopeRule));
            }
        }

        if (key.ExpiresAt <= now)
        {
            faults.Add(new FieldFault("expiresAt", "must be in the future"));
        }

        return faults;
    }
}
