using System.ComponentModel.DataAnnotations;
using Gatehouse.ApiHost.Auditing;
using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.Idempotency;
using Gatehouse.ApiHost.Membership;
using Gatehouse.ApiHost.OpenApi;
using Gatehouse.ApiHost.Overload;
using Gatehouse.ApiHost.RateLimiting;
using Gatehouse.ApiHost.Regions;
using Gatehouse.ApiHost.SigningKeys;
using Gatehouse.ApiHost.Tenants;
using Gatehouse.AspNetCore;
using Gatehouse.Silo;
using Gatehouse.Silo.Health;
using GatehouseOptions = Gatehouse.Silo.GatehouseOptions;

namespace Gatehouse.ApiHost.Hosting;

/// <summary>Composes the host.</summary>
internal static class GatehouseHost
{
    private const string DefaultUrl = "http://localhost:8080";

    /// <summary>
    /// Builds the application. <paramref name="configure"/> comes last: tests and benchmarks add what they need.
    /// </summary>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.Configuration.AddGatehouseDefaults();
        configure?.Invoke(builder);
        RefuseImpliedForwarding(builder.Configuration);
        var options = builder.Configuration.GetSection("Gatehouse").Get<GatehouseOptions>() ?? new GatehouseOptions();
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);

        if (string.IsNullOrEmpty(builder.Configuration["urls"])
            && !builder.Configuration.GetSection("Kestrel:Endpoints").Exists())
        {
            builder.WebHost.UseUrls(DefaultUrl);
        }

        var admin = AdminListener.Add(builder, options.Admin);
        builder.AddHttp();
        var adminKey = AdminKey.Provide(builder, options.DataDirectory);
        builder.Services.AddSingleton(options);
        builder.AddGatehouseTelemetry(Telemetry.ApiService, options);
        if (options.Topology is Topology.Client)
        {
            builder.AddGatehouseClient(options);
        }
        else
        {
            builder.Services.AddStore(options);
            builder.AddGatehouseSilo(options);
        }

        var app = builder.Build();
        app.UseGatehouse(admin);
        app.MapGatehouse();
        app.MapOperations(admin, options.HasDashboard);
        app.RequireAccessOnEveryRoute();
        Banner.PrintWhenStarted(app, options, adminKey, admin);
        return app;
    }

    /// <summary>Everything between the connection and the endpoint.</summary>
    private static void UseGatehouse(this WebApplication app, AdminPort? admin)
    {
        app.Use(static (context, next) =>
        {
            RequestId.Set(context);
            ForwardAuthTarget.Prepare(context);
            return next(context);
        });
        app.UseMiddleware<FailureMiddleware>();
        app.UseRouting();
        if (admin is not null)
        {
            app.UseMiddleware<ListenerMiddleware>();
        }

        app.Use(static (context, next) =>
        {
            BodyLimit.AnnounceEnd(context);
            return next(context);
        });
        app.UseMiddleware<AdmissionMiddleware>();
        app.UseMiddleware<DoorMiddleware>();
        app.Use(BodyCharset.CheckAsync);
        app.UseGatehouseIdempotency();
    }

    private static void MapGatehouse(this WebApplication app)
    {
        app.MapTenants();
        app.MapApiKeys();
        app.MapPolicies();
        app.MapRateLimiting();
        app.MapForwardAuth();
        app.MapAuditing();
        app.MapIdempotency();
        app.MapKeyRings();
        app.MapSignatures();
        app.MapRegions();
        app.MapCluster();
        app.MapReference();
    }

    /// <summary>What operators and their machines ask.</summary>
    private static void MapOperations(this WebApplication app, AdminPort? admin, bool hasDashboard)
    {
        app.MapHealthProbes().Public().OnAnyListener();
        app.MapHealthDependencies().RequireAdmin().IsNeverRefused().OnAdminListener();
        app.MapPrometheusScrapingEndpoint("/metrics").Public().OnAdminListener();
        if (admin is not null && hasDashboard)
        {
            app.MapDashboard();
        }
    }

    /// <summary>
    /// That switch makes the framework believe <c>X-Forwarded-For</c> from anyone, behind this program's back: every
    /// limit by address could be walked around.
    /// </summary>
    private static void RefuseImpliedForwarding(ConfigurationManager configuration)
    {
        if (string.Equals(configuration["FORWARDEDHEADERS_ENABLED"], "true", StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidOperationException(
                "ASPNETCORE_FORWARDEDHEADERS_ENABLED lets any client choose its own address. " +
                "Unset it, and name your proxies in Gatehouse:Http:TrustedProxies.");
        }
    }
}
