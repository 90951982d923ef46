namespace Gatehouse.Grains.Abstractions.Tenants;

/// <summary>
/// What an API key may do: a whole area such as <c>ratelimit</c>, or one part of it such as <c>ratelimit:check</c>.
/// </summary>
public static class Scopes
{
    /// <summary>Check, peek and refund.</summary>
    public const string RateLimitCheck = "ratelimit:check";

    /// <summary>Read policies.</summary>
    public const string RateLimitRead = "ratelimit:read";

    /// <summary>Create, change and delete policies; reset counters.</summary>
    public const string RateLimitWrite = "ratelimit:write";

    /// <summary>List the versions of the tenant's key.</summary>
    public const string KeysRead = "keys:read";

    /// <summary>Rotate, promote, revoke and destroy.</summary>
    public const string KeysWrite = "keys:write";

    /// <summary>Sign.</summary>
    public const string KeysSign = "keys:sign";

    /// <summary>Verify.</summary>
    public const string KeysVerify = "keys:verify";

    /// <summary>Read and verify the audit chain.</summary>
    public const string AuditRead = "audit:read";

    /// <summary>Record audit events.</summary>
    public const string AuditWrite = "audit:write";

    /// <summary>Begin, complete and release requests once.</summary>
    public const string IdempotencyWrite = "idempotency:write";

    /// <summary>Every scope that a key can be given.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        "ratelimit", RateLimitCheck, RateLimitRead, RateLimitWrite,
        "audit", AuditRead, AuditWrite,
        "keys", KeysRead, KeysWrite, KeysSign, KeysVerify,
        "idempotency", "idempotency:read", IdempotencyWrite,
    ];

    /// <summary>Whether a key that holds <paramref name="held"/> may do what <paramref name="needed"/> names.</summary>
    public static bool Allow(IReadOnlyList<string> held, string needed)
    {
        for (var i = 0; i < held.Count; i++)
        {
            var scope = held[i];
            var isArea = needed.Length > scope.Length && needed[scope.Length] == ':';
            if (needed.StartsWith(scope, StringComparison.Ordinal) && (needed.Length == scope.Length || isArea))
            {
                return true;
            }
        }

        return false;
    }
}
