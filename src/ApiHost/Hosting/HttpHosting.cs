using Gatehouse.ApiHost.Auditing;
using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.Idempotency;
using Gatehouse.ApiHost.OpenApi;
using Gatehouse.ApiHost.Overload;
using Gatehouse.ApiHost.RateLimiting;
using Gatehouse.AspNetCore;
using Gatehouse.AspNetCore.Idempotency;
using Gatehouse.Grains.Abstractions.Changes;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Gatehouse.ApiHost.Hosting;

/// <summary>Kestrel's limits, JSON, and the services of the door.</summary>
internal static class HttpHosting
{
    /// <summary>
    /// Bodies are read as streams. Read through the pipe, as .NET 10 does by default, a body that is no good JSON
    /// leaves the connection's reader open now and then: the connection ends behind the answer, and with it the next
    /// request on it.
    /// </summary>
    internal const string ReadsStreams = "Microsoft.AspNetCore.UseStreamBasedJsonParsing";

    public static void AddHttp(this WebApplicationBuilder builder)
    {
        AppContext.SetSwitch(ReadsStreams, isEnabled: true);
        var services = builder.Services;
        services.AddOptions<AuthOptions>().BindConfiguration("Gatehouse:Auth")
            .ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<HttpOptions>().BindConfiguration("Gatehouse:Http")
            .ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<HttpOptions>>(static (kestrel, http) =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = http.Value.ConnectionsMax;
            kestrel.Limits.MaxRequestBodySize = BodyLimit.Bytes;
            kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
            kestrel.Limits.MaxRequestHeaderCount = 64;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        });
        // A body that cannot be bound is an exception with a cause, and so a problem that names the field.
        services.Configure<RouteHandlerOptions>(static routes => routes.ThrowOnBadRequest = true);
        services.ConfigureHttpJsonOptions(static json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, CheckJson.Default);
            ApiJson.Configure(json.SerializerOptions);
        });
        services.PostConfigure<LoggerFilterOptions>(HideRequestLines);
        services.AddOptions<DenyCacheOptions>().BindConfiguration("Gatehouse:RateLimiting")
            .ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<DenyCacheMetrics>();
        services.AddSingleton<DenyCache>();
        services.AddSingleton<IChangeObserver>(static provider => provider.GetRequiredService<DenyCache>());
        services.AddSingleton<RateLimitChecks>();
        services.AddAdmission();
        services.AddSingleton<HttpMetrics>();
        services.AddSingleton<AuditTails>();
        services.AddIdempotentRoutes();
        services.AddSingleton<OverloadLog>();
        services.AddSingleton<Authenticator>();
        services.AddSingleton<ClientAddressResolver>();
        services.AddApiDescription();
    }

    private static void AddIdempotentRoutes(this IServiceCollection services)
    {
        services.AddSingleton<IIdempotencyClaims, GrainClaims>();
        services.AddSingleton<IIdempotencyAnswers, IdempotencyProblems>();
        services.AddGatehouseIdempotency(static options =>
        {
            // The credential is for the tenant of the route.
            options.Scope = static context => context.GetRouteValue(Access.TenantParameter) as string;
            options.HadNoEffect = FailureMiddleware.HadNoEffect;
        });
    }

    private static void AddAdmission(this IServiceCollection services)
    {
        services.AddOptions<AdmissionOptions>().BindConfiguration("Gatehouse:Overload")
            .ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<AdmissionMetrics>();
        services.AddSingleton<ThreadPoolDelay>();
        services.AddHostedService(static provider => provider.GetRequiredService<ThreadPoolDelay>());
        services.AddSingleton<Admission>();
    }

    /// <summary>
    /// The framework's request lines show the whole query, where a proxy's key may stand. They stay off whatever the
    /// <c>Logging</c> section says: per provider, the last of the longest categories wins.
    /// </summary>
    private static void HideRequestLines(LoggerFilterOptions logging)
    {
        foreach (var provider in logging.Rules.Select(rule => rule.ProviderName).Append(null).Distinct().ToList())
        {
            logging.Rules.Add(new LoggerFilterRule(
                provider, "Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning, filter: null));
        }
    }
}
