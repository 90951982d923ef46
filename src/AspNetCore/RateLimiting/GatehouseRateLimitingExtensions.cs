using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gatehouse.AspNetCore.RateLimiting;

/// <summary>
/// Holds requests to the limits of a Gatehouse: what is refused is answered with 429, <c>Retry-After</c> and a problem
/// as Gatehouse has it. Answers carry <c>RateLimit</c> and <c>RateLimit-Policy</c>.
/// </summary>
public static class GatehouseRateLimitingExtensions
{
    /// <summary>Holds all requests that come this far to a policy.</summary>
    /// <param name="app">The application.</param>
    /// <param name="policy">The policy's name, such as <c>default</c>.</param>
    /// <param name="configure">Whose requests are counted, and what holds while Gatehouse cannot say.</param>
    public static IApplicationBuilder UseGatehouseRateLimiting(
        this IApplicationBuilder app, string policy, Action<GatehouseRateLimitingOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(app);
        var limit = RateLimit.Of(policy, configure);
        var gate = Gate(app.ApplicationServices);
        return app.Use((context, next) => gate.InvokeAsync(context, limit, next));
    }

    /// <summary>
    /// Holds an endpoint, or a group of them, to a policy; on top of any other. Counted once the endpoint was found and
    /// its caller is allowed to call it, and before anything of the body is read.
    /// </summary>
    /// <param name="builder">The endpoint, or the group.</param>
    /// <param name="policy">The policy's name, such as <c>default</c>.</param>
    /// <param name="configure">Whose requests are counted, and what holds while Gatehouse cannot say.</param>
    public static TBuilder RequireGatehouseRateLimit<TBuilder>(
        this TBuilder builder, string policy, Action<GatehouseRateLimitingOptions>? configure = null)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        var limit = RateLimit.Of(policy, configure);
        builder.Add(endpoint =>
        {
            var next = endpoint.RequestDelegate
                ?? throw new InvalidOperationException($"{endpoint.DisplayName} has nothing to run.");
            var gate = Gate(endpoint.ApplicationServices);
            endpoint.RequestDelegate = context => gate.InvokeAsync(context, limit, next);
        });
        return builder;
    }

    internal static void AddGatehouseRateLimiting(this IServiceCollection services)
    {
        services.TryAddSingleton<RateLimitGate>();
        services.TryAddSingleton<RateLimitingMetrics>();
    }

    private static RateLimitGate Gate(IServiceProvider services) => services.GetService<RateLimitGate>()
        ?? throw new InvalidOperationException("Call builder.Services.AddGatehouse() first.");
}
