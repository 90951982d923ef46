using System.Security.Cryptography;
using System.Text;
using Gatehouse.Grains.Abstractions.Tenants;
using Microsoft.Extensions.Options;

namespace Gatehouse.ApiHost.Http;

/// <summary>Who calls.</summary>
/// <param name="Tenant">The tenant of the key; null for the admin.</param>
/// <param name="Scopes">What the key may do.</param>
/// <param name="KeyId">The public part of the key, fit for logs.</param>
internal sealed record Caller(string? Tenant, IReadOnlyList<string> Scopes, string KeyId)
{
    public bool IsAdmin => Tenant is null;
}

/// <summary>
/// Why a credential was refused; each is a metric tag and all are one 401 to a caller who does not hold the key.
/// </summary>
internal enum AuthenticationFailure
{
    None = 0,
    Missing = 1,
    Malformed = 2,
    Unknown = 3,
    Revoked = 4,
    Expired = 5,
    TenantDisabled = 6,
}

/// <summary>Turns the credential of a request into a caller.</summary>
internal sealed class Authenticator(TenantDirectory tenants, IOptions<AuthOptions> options, TimeProvider time)
{
    /// <summary>The header in which a proxy sends its key.</summary>
    public const string KeyHeader = "X-Gatehouse-Key";

    /// <summary>The query parameter in which a proxy sends its key.</summary>
    public const string KeyParameter = "key";

    // Compared for keys that do not exist, so that they take as long as keys that do.
    private static readonly string DummyHash = new('0', 64);
    private static readonly Caller Admin = new(null, [], "admin");

    private readonly byte[]? _adminKeyHash = string.IsNullOrEmpty(options.Value.AdminKey)
        ? null
        : SHA256.HashData(Encoding.UTF8.GetBytes(options.Value.AdminKey));

    public ValueTask<(Caller? Caller, AuthenticationFailure Failure)> AuthenticateAsync(
        HttpRequest request, CredentialPlaces places)
    {
        if (places is not (CredentialPlaces.Authorization or CredentialPlaces.Password))
        {
            return AuthenticateProxyAsync(request, places);
        }

        const string Scheme = "Bearer ";
        string? authorization = request.Headers.Authorization;
        return authorization is null ? new((null, AuthenticationFailure.Missing))
            : places is CredentialPlaces.Password
                ? BasicPassword.TryRead(authorization, out var password)
                    ? VerifyAsync(password.AsMemory())
                    : new((null, AuthenticationFailure.Malformed))
            : !authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
                ? new((null, AuthenticationFailure.Malformed))
                : VerifyAsync(authorization.AsMemory(Scheme.Length).Trim());
    }

    /// <summary>
    /// One good key is enough, whatever stands in the other place: a proxy passes its client's headers on, and some
    /// pass its query on, so the client can write the place that its proxy leaves free.
    /// </summary>
    private async ValueTask<(Caller? Caller, AuthenticationFailure Failure)> AuthenticateProxyAsync(
        HttpRequest request, CredentialPlaces places)
    {
        (Caller? Caller, AuthenticationFailure Failure) result = (null, AuthenticationFailure.Missing);
        // The query first: behind a proxy that uses it, the header is the client's, who must not try keys with it.
        string? inQuery = places.HasFlag(CredentialPlaces.KeyQuery) ? request.Query[KeyParameter] : default;
        if (inQuery is not null)
        {
            result = await VerifyAsync(inQuery.AsMemory());
        }

        string? inHeader = result.Caller is null && places.HasFlag(CredentialPlaces.KeyHeader)
            ? request.Headers[KeyHeader]
            : default;
        return inHeader is null ? result : await VerifyAsync(inHeader.AsMemory().Trim());
    }

    private async ValueTask<(Caller? Caller, AuthenticationFailure Failure)> VerifyAsync(ReadOnlyMemory<char> token)
    {
        if (IsAdmin(token.Span))
        {
            return (Admin, AuthenticationFailure.None);
        }

        if (!ApiKeyToken.TryParse(token.Span, out var tenantSpan, out var idSpan))
        {
            return (null, AuthenticationFailure.Malformed);
        }

        var (tenant, id) = (tenantSpan.ToString(), idSpan.ToString());
        var document = tenants.TryGet(tenant, out var known) ? known : await tenants.GetAsync(tenant);
        if (known is not null && !known.ApiKeys.ContainsKey(id))
        {
            // The key may have been issued through another host a moment ago.
            document = await tenants.ReadAsync(tenant);
        }

        return Verify(document, id, token.Span);
    }

    private (Caller? Caller, AuthenticationFailure Failure) Verify(
        TenantSnapshot tenant, string id, ReadOnlySpan<char> token)
    {
        var key = tenant.ApiKeys.GetValueOrDefault(id);
        if (!ApiKeyToken.Matches(token, key?.SecretHash ?? DummyHash) || key is null)
        {
            return (null, AuthenticationFailure.Unknown);
        }

        var failure = key switch
        {
            { RevokedAt: not null } => AuthenticationFailure.Revoked,
            { ExpiresAt: { } end } when end <= time.GetUtcNow() => AuthenticationFailure.Expired,
            _ when tenant.Status is not TenantStatus.Active => AuthenticationFailure.TenantDisabled,
            _ => AuthenticationFailure.None,
        };
        return failure is AuthenticationFailure.None
            ? (new Caller(tenant.Tenant, key.Scopes, key.Id), failure)
            : (null, failure);
    }

    private bool IsAdmin(ReadOnlySpan<char> token)
    {
        if (_adminKeyHash is null || token.Length > 1024
            || token.StartsWith(ApiKeyToken.Prefix, StringComparison.Ordinal))
        {
            return false;
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(token.ToArray()), hash);
        return CryptographicOperations.FixedTimeEquals(hash, _adminKeyHash);
    }
}
