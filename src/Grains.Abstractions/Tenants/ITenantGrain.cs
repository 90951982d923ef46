using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.Grains.Abstractions.Tenants;

/// <summary>
/// One tenant's document: its status, policies and API keys. The key is the tenant's id. A write is durable when its
/// call returns, and is seen by every process within <see cref="TenantDirectory.StaleMax"/>.
/// </summary>
[Alias("tenant.grain")]
public interface ITenantGrain : IGrainWithStringKey
{
    /// <summary>
    /// Reads the document, or null when it is still the one that <paramref name="knownVersion"/> names.
    /// </summary>
    [Alias("get"), ResponseTimeout("00:00:02")]
    Task<TenantSnapshot?> GetAsync(string? knownVersion);

    /// <summary>Creates the tenant, or enables it again. Safe to retry.</summary>
    [Alias("put"), ResponseTimeout("00:00:02")]
    Task<TenantChange> PutAsync(Precondition precondition);

    /// <summary>Disables the tenant: its keys are refused, its data stays. Safe to retry.</summary>
    [Alias("disable"), ResponseTimeout("00:00:02")]
    Task<TenantChange> DisableAsync(Precondition precondition);

    /// <summary>Creates or replaces a policy. Counters stay as they are. Safe to retry.</summary>
    [Alias("put-policy"), ResponseTimeout("00:00:02")]
    Task<TenantChange> PutPolicyAsync(string name, RateLimitPolicy policy, Precondition precondition);

    /// <summary>Deletes a policy; <c>default</c> returns to the built-in one. Safe to retry.</summary>
    [Alias("delete-policy"), ResponseTimeout("00:00:02")]
    Task<TenantChange> DeletePolicyAsync(string name, Precondition precondition);

    /// <summary>Adds an API key. The secret never comes here, only its hash.</summary>
    [Alias("add-key"), ResponseTimeout("00:00:02")]
    Task<TenantChange> AddApiKeyAsync(ApiKeyRecord key);

    /// <summary>Revokes an API key. Safe to retry: the first revocation's time stays.</summary>
    [Alias("revoke-key"), ResponseTimeout("00:00:02")]
    Task<TenantChange> RevokeApiKeyAsync(string keyId);
}

/// <summary>The <c>If-Match</c> and <c>If-None-Match: *</c> of one change (RFC 9110, section 13.1).</summary>
/// <param name="IfMatch">The entity tags one of which must be current; null when the caller set no condition; <c>*</c>
/// matches anything that exists.</param>
/// <param name="IfAbsent">Whether the thing must not exist yet.</param>
[GenerateSerializer, Immutable, Alias("tenant.precondition")]
public sealed record Precondition([property: Id(0)] IReadOnlyList<string>? IfMatch, [property: Id(1)] bool IfAbsent)
{
    /// <summary>No condition.</summary>
    public static Precondition Unconditional { get; } = new(null, false);
}
