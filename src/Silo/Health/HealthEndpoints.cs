using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Gatehouse.Silo.Health;

/// <summary>What a process says of its health; the same for an API host and for a silo.</summary>
public static class HealthEndpoints
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>
    /// Maps <c>/health/live</c>, <c>/health/startup</c> and <c>/health/ready</c>. They answer from memory and say one
    /// word: Healthy, Degraded or Unhealthy. Anybody may ask.
    /// </summary>
    public static IEndpointConventionBuilder MapHealthProbes(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/health");
        Map<Watchdog>("/live", static watchdog => Of(watchdog.IsAlive));
        Map<Startup>("/startup", static startup => Of(startup.IsDone));
        Map<Readiness>("/ready", static readiness => readiness.Status);
        return group;

        // Looked up by the request: here, the services that they need would start before the host does.
        void Map<T>(string path, Func<T, HealthStatus> status) where T : notnull => group.MapMethods(
            path, Methods, context => SayAsync(context, status(context.RequestServices.GetRequiredService<T>())));
    }

    /// <summary>
    /// Maps <c>/health/dependencies</c>, which looks at everything that this process needs, now. It is for operators:
    /// the caller says who may ask.
    /// </summary>
    public static IEndpointConventionBuilder MapHealthDependencies(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/health/dependencies", static async context =>
        {
            var dependencies = context.RequestServices.GetRequiredService<DependencyReport>();
            await SayAsync(context, await dependencies.RunAsync().WaitAsync(context.RequestAborted));
        });

    private static HealthStatus Of(bool isWell) => isWell ? HealthStatus.Healthy : HealthStatus.Unhealthy;

    private static Task SayAsync(HttpContext context, HealthStatus status)
    {
        Begin(context, status);
        context.Response.ContentType = "text/plain";
        return context.Response.WriteAsync($"{status}");
    }

    /// <summary>In the form that AspNetCore.HealthChecks.UI.Client writes, which tools read.</summary>
    private static Task SayAsync(HttpContext context, HealthReport report)
    {
        Begin(context, report.Status);
        return context.Response.WriteAsJsonAsync(new
        {
            Status = $"{report.Status}",
            TotalDuration = $"{report.TotalDuration:c}",
            Entries = report.Entries.ToDictionary(entry => entry.Key, entry => new
            {
                entry.Value.Data,
                Description = entry.Value.Description ?? "",
                Duration = $"{entry.Value.Duration:c}",
                Status = $"{entry.Value.Status}",
                entry.Value.Tags,
            }),
        }, Json);
    }

    private static void Begin(HttpContext context, HealthStatus status)
    {
        context.Response.StatusCode = status is HealthStatus.Unhealthy
            ? StatusCodes.Status503ServiceUnavailable
            : StatusCodes.Status200OK;
        context.Response.Headers.CacheControl = "no-store";
    }
}
