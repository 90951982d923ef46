using Microsoft.Extensions.Configuration;

namespace Gatehouse.Silo;

/// <summary>
/// Which signals go to an OpenTelemetry collector, by the standard's own variables: all of them once
/// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set, but those whose exporter is <c>none</c>.
/// </summary>
internal readonly record struct Collector(bool TakesMetrics, bool TakesTraces, bool TakesLogs)
{
    public static Collector From(IConfiguration configuration)
    {
        if (string.IsNullOrEmpty(configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]) || Is("OTEL_SDK_DISABLED", "true"))
        {
            return default;
        }

        return new Collector(
            TakesMetrics: !Is("OTEL_METRICS_EXPORTER", "none"),
            TakesTraces: !Is("OTEL_TRACES_EXPORTER", "none"),
            TakesLogs: !Is("OTEL_LOGS_EXPORTER", "none"));

        bool Is(string name, string value) =>
            string.Equals(configuration[name], value, StringComparison.OrdinalIgnoreCase);
    }
}
