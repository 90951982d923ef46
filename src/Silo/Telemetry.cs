using Gatehouse.Grains.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Instrumentation.AspNetCore;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Orleans.Diagnostics;
using Orleans.Hosting;

namespace Gatehouse.Silo;

/// <summary>
/// Metrics at <c>/metrics</c> for Prometheus; and metrics, traces and logs over OTLP, to a <see cref="Collector"/> that
/// the settings name. docs/operations/telemetry.md says what is in them.
/// </summary>
public static class Telemetry
{
    /// <summary>How the API host names itself.</summary>
    public const string ApiService = "gatehouse-api";

    /// <summary>How a silo of its own names itself.</summary>
    public const string SiloService = "gatehouse-silo";

    /// <summary>Adds telemetry to a host. Traces are only made when there is somebody to send them to.</summary>
    public static IHostApplicationBuilder AddGatehouseTelemetry(
        this IHostApplicationBuilder builder, string service, GatehouseOptions options)
    {
        var collector = Collector.From(builder.Configuration);
        builder.Services.TryAddSingleton<BuildMetrics>();
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => Describe(resource, service, options.Region))
            .WithMetrics(metrics => AddMetrics(metrics, collector));
        if (collector.TakesTraces)
        {
            builder.Services.Configure<AspNetCoreTraceInstrumentationOptions>(static http =>
            {
                http.Filter = IsOfACaller;
                // What the caller was told: from a problem's body to its trace, and so to its log lines.
                http.EnrichWithHttpResponse = static (span, response) =>
                    span.SetTag("gatehouse.request_id", response.HttpContext.TraceIdentifier);
            });
            telemetry.WithTracing(AddTraces);
        }

        if (collector.TakesLogs)
        {
            telemetry.WithLogging(static logs => logs.AddOtlpExporter(), static logs =>
            {
                // The sentence beside its parts: who reads logs reads sentences. No scopes: those of the framework hold
                // the path of the request, and a log line has the ids of its trace without them.
                (logs.IncludeFormattedMessage, logs.IncludeScopes) = (true, false);
            });
        }

        return builder;
    }

    /// <summary>
    /// Lets grain calls belong to their callers' traces. Each call costs more with it, so only for a collector.
    /// </summary>
    internal static void PropagateTraces(this ISiloBuilder silo, IHostApplicationBuilder host)
    {
        if (Collector.From(host.Configuration).TakesTraces)
        {
            silo.AddActivityPropagation();
        }
    }

    /// <inheritdoc cref="PropagateTraces(ISiloBuilder, IHostApplicationBuilder)"/>
    internal static void PropagateTraces(this IClientBuilder client, IHostApplicationBuilder host)
    {
        if (Collector.From(host.Configuration).TakesTraces)
        {
            client.AddActivityPropagation();
        }
    }

    /// <summary>The operator's own OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES come last, and win.</summary>
    private static void Describe(ResourceBuilder resource, string service, string region) => resource
        .AddService(service, serviceVersion: BuildMetrics.Version)
        .AddAttributes([new("gatehouse.region", region)])
        .AddEnvironmentVariableDetector();

    private static void AddMetrics(MeterProviderBuilder metrics, Collector collector)
    {
        metrics.AddMeter("Gatehouse.*", "Microsoft.Orleans");
        // The framework's own meters. The instrumentation package adds the same ones, and a middleware that costs
        // each request a state machine.
        metrics.AddMeter("Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel");
        metrics.AddMeter("Microsoft.AspNetCore.Routing", "Microsoft.AspNetCore.Diagnostics");
        metrics.AddInstrumentation(static provider => provider.GetRequiredService<BuildMetrics>());
        metrics.AddRuntimeInstrumentation().AddPrometheusExporter();
        if (collector.TakesTraces)
        {
            metrics.SetExemplarFilter(ExemplarFilterType.TraceBased);
        }

        if (collector.TakesMetrics)
        {
            metrics.AddOtlpExporter();
        }
    }

    /// <summary>Grain calls of applications only: the runtime's own would be traces that nobody asked for.</summary>
    private static void AddTraces(TracerProviderBuilder traces) => traces
        .AddSource(ActivitySources.ApplicationGrainActivitySourceName, StoreCalls.SourceName)
        .AddAspNetCoreInstrumentation()
        .AddProcessor(new SpanRedaction())
        .AddOtlpExporter();

    /// <summary>Probes and scrapes come every few seconds from every side and say nothing.</summary>
    private static bool IsOfACaller(HttpContext context) =>
        !context.Request.Path.StartsWithSegments("/health") && !context.Request.Path.StartsWithSegments("/metrics");
}
