using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.Grains.Tenants;

/// <summary>What a configuration file says of one tenant. The API never overrides it.</summary>
/// <param name="Fingerprint">Names the content of the declaration.</param>
/// <param name="Policies">Its policies by name.</param>
/// <param name="ApiKeys">Its API keys by id.</param>
internal sealed record DeclaredTenant(
    string Fingerprint,
    IReadOnlyDictionary<string, RateLimitPolicy> Policies,
    IReadOnlyDictionary<string, ApiKeyRecord> ApiKeys);

/// <summary>All tenants that configuration files declare.</summary>
/// <param name="Tenants">The declarations by tenant id.</param>
internal sealed record DeclaredTenants(IReadOnlyDictionary<string, DeclaredTenant> Tenants)
{
    public static DeclaredTenants None { get; } = new(new Dictionary<string, DeclaredTenant>());

    public DeclaredTenant? Find(string tenant) => Tenants.GetValueOrDefault(tenant);
}
