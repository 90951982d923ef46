using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.Grains.Abstractions.Tenants;

/// <summary>Whether a tenant exists and may be used.</summary>
[GenerateSerializer, Alias("tenant.status")]
public enum TenantStatus
{
    /// <summary>Not set; never an answer.</summary>
    None = 0,

    /// <summary>No such tenant.</summary>
    Absent = 1,

    /// <summary>In use.</summary>
    Active = 2,

    /// <summary>Its keys are refused; its data stays.</summary>
    Disabled = 3,
}

/// <summary>Where a tenant, a policy or a key was declared.</summary>
[GenerateSerializer, Alias("tenant.source")]
public enum DeclarationSource
{
    /// <summary>Not set; never an answer.</summary>
    None = 0,

    /// <summary>Part of the product: the <c>default</c> policy.</summary>
    BuiltIn = 1,

    /// <summary>Written through the HTTP API.</summary>
    Api = 2,

    /// <summary>Declared in a configuration file; the API never changes it.</summary>
    File = 3,
}

/// <summary>One tenant's document at one version.</summary>
[GenerateSerializer, Immutable, Alias("tenant.snapshot")]
public sealed record TenantSnapshot
{
    /// <summary>The tenant's id.</summary>
    [Id(0)] public required string Tenant { get; init; }

    /// <summary>Names this content; another version, other content.</summary>
    [Id(1)] public required string Version { get; init; }

    /// <summary>Whether the tenant may be used.</summary>
    [Id(2)] public required TenantStatus Status { get; init; }

    /// <summary>Where the tenant was declared.</summary>
    [Id(3)] public required DeclarationSource Source { get; init; }

    /// <summary>The entity tag of the tenant itself: changes with its status only.</summary>
    [Id(4)] public required string ETag { get; init; }

    /// <summary>When the tenant was created; null when a file declares it.</summary>
    [Id(5)] public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>Its policies by name, <c>default</c> always among them.</summary>
    [Id(6)] public required IReadOnlyDictionary<string, PolicyEntry> Policies { get; init; }

    /// <summary>Its API keys by id, revoked ones too.</summary>
    [Id(7)] public required IReadOnlyDictionary<string, ApiKeyRecord> ApiKeys { get; init; }
}

/// <summary>One policy of a tenant.</summary>
[GenerateSerializer, Immutable, Alias("tenant.policy-entry")]
public sealed record PolicyEntry
{
    /// <summary>What it admits.</summary>
    [Id(0)] public required RateLimitPolicy Policy { get; init; }

    /// <summary>Where it was declared.</summary>
    [Id(1)] public required DeclarationSource Source { get; init; }

    /// <summary>Its entity tag, quoted as in HTTP.</summary>
    [Id(2)] public required string ETag { get; init; }
}

/// <summary>One API key: everything but its secret.</summary>
[GenerateSerializer, Immutable, Alias("tenant.api-key")]
public sealed record ApiKeyRecord
{
    /// <summary>The public part of the key: <c>{tenant}.{random}</c>.</summary>
    [Id(0)] public required string Id { get; init; }

    /// <summary>
    /// SHA-256 of the secret, lower-case hex. Secrets have 256 random bits, so no slow hash is needed.
    /// </summary>
    [Id(1)] public required string SecretHash { get; init; }

    /// <summary>What the key may do.</summary>
    [Id(2)] public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>When it was issued; null when a file declares it.</summary>
    [Id(3)] public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>From when on it is refused; null for never.</summary>
    [Id(4)] public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When it was revoked; null while it is good.</summary>
    [Id(5)] public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>Where it was declared.</summary>
    [Id(6)] public DeclarationSource Source { get; init; } = DeclarationSource.Api;
}
