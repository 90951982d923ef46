using Gatehouse.AspNetCore.Idempotency;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Gatehouse.AspNetCore;

/// <summary>Makes a service's endpoints idempotent.</summary>
public static class GatehouseIdempotencyExtensions
{
    /// <summary>
    /// Registers what idempotent endpoints need, except where claims are kept (<see cref="IIdempotencyClaims"/>).
    /// </summary>
    public static IServiceCollection AddGatehouseIdempotency(
        this IServiceCollection services, Action<IdempotencyOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (configure is not null)
        {
            services.Configure(configure);
        }

        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IIdempotencyAnswers, IdempotencyAnswers>();
        services.TryAddSingleton<IdempotencyMetrics>();
        services.TryAddSingleton<IdempotencyPipeline>();
        services.TryAddSingleton<ClaimRepairs>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, ClaimRepairs>(
            static provider => provider.GetRequiredService<ClaimRepairs>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, IdempotencyPipelineCheck>());
        return services;
    }

    /// <summary>
    /// Runs endpoints that are marked <see cref="IdempotentAttribute"/> once for each <c>Idempotency-Key</c>. Belongs
    /// behind routing and authentication, which say whose key it is, and behind what refuses requests.
    /// </summary>
    public static IApplicationBuilder UseGatehouseIdempotency(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.ApplicationServices.GetRequiredService<IdempotencyPipeline>().IsUsed = true;
        return app.UseMiddleware<IdempotencyMiddleware>();
    }

    /// <summary>Marks endpoints as <see cref="IdempotentAttribute"/> does.</summary>
    public static TBuilder WithIdempotency<TBuilder>(
        this TBuilder endpoints, Action<IdempotentAttribute>? configure = null)
        where TBuilder : IEndpointConventionBuilder
    {
        var terms = new IdempotentAttribute();
        configure?.Invoke(terms);
        return endpoints.WithMetadata(terms);
    }
}
