using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.ApiHost.Tenants;

/// <summary>What creating a tenant takes: nothing but its name in the path.</summary>
internal sealed record TenantRequest;

/// <summary>A tenant.</summary>
internal sealed record TenantResponse
{
    /// <summary>The tenant's id.</summary>
    public required string Tenant { get; init; }

    /// <summary>active or disabled.</summary>
    public required string Status { get; init; }

    /// <summary>Where it was declared: api or file.</summary>
    public required string Source { get; init; }

    /// <summary>When it was created; null when a file declares it.</summary>
    public required DateTimeOffset? CreatedAt { get; init; }

    public static TenantResponse From(TenantSnapshot tenant) => new()
    {
        Tenant = tenant.Tenant,
        Status = tenant.Status is TenantStatus.Active ? "active" : "disabled",
        Source = Sources.Tag(tenant.Source),
        CreatedAt = tenant.CreatedAt,
    };
}

/// <summary>What issuing an API key takes.</summary>
internal sealed record ApiKeyRequest
{
    /// <summary>What the key may do, such as ratelimit, or finer, ratelimit:check. At least one.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>From when on the key is refused. Default null: never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>A new API key. The key is shown this once and is not kept.</summary>
internal sealed record IssuedApiKeyResponse
{
    /// <summary>The public part, for lists, logs and revocation.</summary>
    public required string Id { get; init; }

    /// <summary>The key itself, for <c>Authorization: Bearer</c>.</summary>
    public required string Key { get; init; }

    /// <summary>What it may do.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>From when on it is refused; null for never.</summary>
    public required DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>An API key without its secret.</summary>
internal sealed record ApiKeyResponse
{
    /// <summary>The public part.</summary>
    public required string Id { get; init; }

    /// <summary>What it may do.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>When it was issued; null when a file declares it.</summary>
    public required DateTimeOffset? CreatedAt { get; init; }

    /// <summary>From when on it is refused; null for never.</summary>
    public required DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When it was revoked; null while it is good.</summary>
    public required DateTimeOffset? RevokedAt { get; init; }

    /// <summary>Where it was declared: api or file.</summary>
    public required string Source { get; init; }

    public static ApiKeyResponse From(ApiKeyRecord key) => new()
    {
        Id = key.Id,
        Scopes = key.Scopes,
        CreatedAt = key.CreatedAt,
        ExpiresAt = key.ExpiresAt,
        RevokedAt = key.RevokedAt,
        Source = Sources.Tag(key.Source),
    };
}

/// <summary>How the API names where something was declared.</summary>
internal static class Sources
{
    public static string Tag(DeclarationSource source) => source switch
    {
        DeclarationSource.BuiltIn => "built-in",
        DeclarationSource.File => "file",
        _ => "api",
    };
}
