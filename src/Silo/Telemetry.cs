using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Gatehouse.Silo;

/// <summary>
/// Metrics and traces: <c>/metrics</c> for Prometheus, and OTLP when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set.
/// </summary>
public static class Telemetry
{
    /// <summary>Adds telemetry to a host. Traces are only made when there is somebody to send them to.</summary>
    public static IHostApplicationBuilder AddGatehouseTelemetry(this IHostApplicationBuilder builder)
    {
        var hasCollector = !string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]);
        var telemetry = builder.Services.AddOpenTelemetry().WithMetrics(metrics =>
        {
            metrics.AddMeter("Gatehouse.*", "Microsoft.Orleans");
            // The framework's own meters. The instrumentation package adds the same ones, and a middleware that costs
            // each request a state machine.
            metrics.AddMeter("Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel");
            metrics.AddMeter("Microsoft.AspNetCore.Routing", "Microsoft.AspNetCore.Diagnostics");
            metrics.AddRuntimeInstrumentation().AddPrometheusExporter();
            if (hasCollector)
            {
                metrics.AddOtlpExporter();
            }
        });
        if (hasCollector)
        {
            telemetry.WithTracing(tracing => tracing
                .AddSource("Microsoft.Orleans.Application").AddAspNetCoreInstrumentation().AddOtlpExporter());
        }

        return builder;
    }
}
