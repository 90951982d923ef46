using System.Net;
using System.Threading.RateLimiting;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Tenants;
using Microsoft.Extensions.Options;

namespace Gatehouse.ApiHost.Http;

/// <summary>
/// What happens before a request's body is looked at, in this order: client limit, credential, access, tenant limit.
/// (The cap on connections comes before it, in Kestrel; the cap on the body and the parser come after it.)
/// </summary>
internal sealed class DoorMiddleware : IDisposable
{
    /// <summary>An item of the request: the caller without a credential named something that does not exist.</summary>
    public static readonly object MadeUpName = new();

    private readonly RequestDelegate _next;
    private readonly Authenticator _authenticator;
    private readonly ClientAddressResolver _clients;
    private readonly HttpMetrics _metrics;
    private readonly int _failureCost;
    private readonly PartitionedRateLimiter<IPAddress>? _clientLimit;
    private readonly PartitionedRateLimiter<string>? _tenantLimit;

    public DoorMiddleware(RequestDelegate next, Authenticator authenticator, ClientAddressResolver clients,
        HttpMetrics metrics, IOptions<HttpOptions> options)
    {
        (_next, _authenticator, _clients, _metrics) = (next, authenticator, clients, metrics);
        var perSecond = options.Value.ClientRequestsPerSecond;
        _failureCost = Math.Min(options.Value.FailedAuthenticationCost, Math.Max(1, perSecond));
        _clientLimit = Limiter<IPAddress>(perSecond);
        _tenantLimit = Limiter<string>(options.Value.TenantRequestsPerSecond);
    }

    public Task InvokeAsync(HttpContext context)
    {
        // Unknown routes and methods have no access to check: they end as 404 and 405.
        var access = context.GetEndpoint()?.Metadata.GetMetadata<Access>();
        return access is null or { Kind: AccessKind.Public } ? _next(context) : AdmitAsync(context, access);
    }

    public void Dispose()
    {
        _clientLimit?.Dispose();
        _tenantLimit?.Dispose();
    }

    private Task AdmitAsync(HttpContext context, Access access)
    {
        var client = _clientLimit is null ? null : LimitKey(_clients.Resolve(context));
        if (client is not null && !TryTake(_clientLimit!, client, 1))
        {
            return RefuseAsync(context, Problems.DoorLimited("client"), "client_limit");
        }

        if (access.Kind is AccessKind.Anonymous)
        {
            return ServeAnybodyAsync(context, client);
        }

        // Nearly always known at once; then nobody has to wait here for the rest of the request.
        var authenticating = _authenticator.AuthenticateAsync(context.Request, access.Places);
        return authenticating.IsCompletedSuccessfully
            ? DecideAsync(context, access, client, authenticating.Result)
            : WaitAsync(context, access, client, authenticating);
    }

    /// <summary>Names that nobody has cost what guessing costs: each makes work in the cluster.</summary>
    private async Task ServeAnybodyAsync(HttpContext context, IPAddress? client)
    {
        await _next(context);
        if (client is not null && context.Items.ContainsKey(MadeUpName))
        {
            TakeUpTo(_clientLimit!, client, _failureCost);
        }
    }

    private async Task WaitAsync(
        HttpContext context, Access access, IPAddress? client,
        ValueTask<(Caller? Caller, AuthenticationFailure Failure)> authenticating) =>
        await DecideAsync(context, access, client, await authenticating);

    private Task DecideAsync(
        HttpContext context, Access access, IPAddress? client, (Caller? Caller, AuthenticationFailure Failure) who)
    {
        if (who.Caller is not { } caller)
        {
            if (client is not null)
            {
                // Guessing costs more than calling, so that a guesser runs dry long before anybody else does.
                TakeUpTo(_clientLimit!, client, _failureCost);
            }

            _metrics.AuthenticationFailed(who.Failure);
            return Problems.Unauthenticated(who.Failure, access.Places).ExecuteAsync(context);
        }

        if (Refusal(context, access, caller) is { } refusal)
        {
            return RefuseAsync(context, refusal, "forbidden");
        }

        return _tenantLimit is not null && caller.Tenant is { } tenant && !TryTake(_tenantLimit, tenant, 1)
            ? RefuseAsync(context, Problems.DoorLimited("tenant"), "tenant_limit")
            : _next(context);
    }

    private static Problem? Refusal(HttpContext context, Access access, Caller caller)
    {
        if (caller.IsAdmin || access.Kind is AccessKind.AnyCredential)
        {
            return null;
        }

        if (access.Kind is not AccessKind.Tenant)
        {
            return Problems.AdminOnly();
        }

        // The same answer whether the other tenant exists or not.
        return (context.GetRouteValue(Access.TenantParameter) as string) != caller.Tenant ? Problems.WrongTenant()
            : !Scopes.Allow(caller.Scopes, access.Scope!) ? Problems.MissingScope(access.Scope!)
            : null;
    }

    private Task RefuseAsync(HttpContext context, Problem problem, string reason)
    {
        _metrics.Refused(reason);
        return problem.ExecuteAsync(context);
    }

    /// <summary>One IPv6 client owns a /64 at least; limiting single addresses would limit nobody.</summary>
    private static IPAddress LimitKey(IPAddress address)
    {
        if (address.AddressFamily is not System.Net.Sockets.AddressFamily.InterNetworkV6)
        {
            return address;
        }

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        bytes[8..].Clear();
        return new IPAddress(bytes);
    }

    private static bool TryTake<T>(PartitionedRateLimiter<T> limiter, T key, int cost)
    {
        using var lease = limiter.AttemptAcquire(key, cost);
        return lease.IsAcquired;
    }

    /// <summary>The limiter takes all or nothing; a cost above what is left takes what is left.</summary>
    private static void TakeUpTo<T>(PartitionedRateLimiter<T> limiter, T key, int cost)
    {
        if (!TryTake(limiter, key, cost))
        {
            TryTake(limiter, key, (int)Math.Min(cost, limiter.GetStatistics(key)?.CurrentAvailablePermits ?? 0));
        }
    }

    private static PartitionedRateLimiter<T>? Limiter<T>(int perSecond) where T : notnull =>
        perSecond == 0 ? null : PartitionedRateLimiter.Create<T, T>(key =>
            RateLimitPartition.GetTokenBucketLimiter(key, _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = perSecond,
                TokensPerPeriod = Math.Max(1, perSecond / 10),
                ReplenishmentPeriod = TimeSpan.FromMilliseconds(perSecond < 10 ? 1000.0 / perSecond : 100),
                QueueLimit = 0,
            }));
}
