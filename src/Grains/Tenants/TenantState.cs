using System.Text.Json;
using System.Text.Json.Serialization;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Tenants;
using Gatehouse.Grains.RateLimiting;

namespace Gatehouse.Grains.Tenants;

/// <summary>
/// What the store keeps of one tenant: all that came through the API. Stored as JSON; fields are never renamed.
/// </summary>
[GenerateSerializer, Immutable, Alias("tenant.state")]
internal sealed record TenantState : IJsonOnDeserialized
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

    /// <summary>What a serializer does not look at: nulls within, and policies that nobody could have put.</summary>
    void IJsonOnDeserialized.OnDeserialized()
    {
        if (Policies.Any(static stored =>
                stored.Value is null || PolicyRules.Validate(stored.Key, stored.Value.Policy).Count > 0)
            || ApiKeys.Any(static key => key.Value?.Scopes.Contains(null!) is not false))
        {
            throw new JsonException("It is not the document of a tenant.");
        }
    }
}

/// <summary>One policy that came through the API.</summary>
[GenerateSerializer, Immutable, Alias("tenant.stored-policy")]
internal sealed record StoredPolicy
{
    [Id(0)] public required RateLimitPolicy Policy { get; init; }

    /// <summary>The version of the document at which it changed last.</summary>
    [Id(1)] public required long Version { get; init; }
}
