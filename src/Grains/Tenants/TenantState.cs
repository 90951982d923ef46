using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.Grains.Tenants;

/// <summary>
/// What the store keeps of one tenant: all that came through the API. Stored as JSON; fields are never renamed.
/// </summary>
[GenerateSerializer, Immutable, Alias("tenant.state")]
internal sealed record TenantState
{
    /// <summary>Grows with every change.</summary>
    [Id(0)] public long Version { get; init; }

    /// <summary>None while the tenant was never created through the API.</summary>
    [Id(1)] public TenantStatus Status { get; init; }

    /// <summary>The version at which the status changed last.</summary>
    [Id(2)] public long StatusVersion { get; init; }

    [Id(3)] public DateTimeOffset? CreatedAt { get; init; }

    [Id(4)] public Dictionary<string, StoredPolicy> Policies { get; init; } = [];

    [Id(5)] public Dictionary<string, ApiKeyRecord> ApiKeys { get; init; } = [];
}

/// <summary>One policy that came through the API.</summary>
[GenerateSerializer, Immutable, Alias("tenant.stored-policy")]
internal sealed record StoredPolicy
{
    [Id(0)] public required RateLimitPolicy Policy { get; init; }

    /// <summary>The version of the document at which it changed last.</summary>
    [Id(1)] public required long Version { get; init; }
}
