using Gatehouse.ApiHost.Http;
using Gatehouse.Grains.Abstractions.Resilience;

namespace Gatehouse.ApiHost.Overload;

/// <summary>
/// Refuses what would be refused later anyway, before it costs anything: before its credential and its body are looked
/// at. Public routes, health and metrics among them, are never refused, nor is what operators find out by.
/// </summary>
internal sealed class AdmissionMiddleware(RequestDelegate next, Admission admission)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    public Task InvokeAsync(HttpContext context)
    {
        var endpoint = context.GetEndpoint()?.Metadata;
        if (endpoint?.GetMetadata<Access>() is null or { Kind: AccessKind.Public }
            || endpoint.GetMetadata<NeverRefusedRoute>() is not null)
        {
            return next(context);
        }

        return admission.RefusalOf(WorkClass.Of(context)) is { } reason
            ? Problems.Overloaded(reason, Applied.No, RetryAfter).ExecuteAsync(context)
            : next(context);
    }
}

/// <summary>The class of a route, where its method does not say it.</summary>
internal sealed record WorkClass(RouteClass Route)
{
    public static RouteClass Of(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<WorkClass>()?.Route
        ?? (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)
            ? RouteClass.Read
            : RouteClass.Write);
}

/// <summary>
/// Marks a route, or one request, that waits for others on purpose: its latency says nothing about this host.
/// </summary>
internal sealed class WaitingRoute
{
    private static readonly object OneRequest = new();

    /// <summary>For a request that asks for more than its route's others.</summary>
    public static void Mark(HttpContext context) => context.Items[OneRequest] = true;

    public static bool Is(HttpContext context) => context.Items.ContainsKey(OneRequest)
        || context.GetEndpoint()?.Metadata.GetMetadata<WaitingRoute>() is not null;
}

/// <summary>Marks a route that tells an operator why a host has too much to do.</summary>
internal sealed class NeverRefusedRoute;

/// <summary>Bounds the work of routes.</summary>
internal static class WorkClassExtensions
{
    /// <summary>For a route that waits for others on purpose.</summary>
    public static TBuilder Waits<TBuilder>(this TBuilder routes) where TBuilder : IEndpointConventionBuilder =>
        routes.WithMetadata(new WaitingRoute());

    /// <summary>For a route that tells an operator what is wrong, and bounds its work itself.</summary>
    public static TBuilder IsNeverRefused<TBuilder>(this TBuilder routes) where TBuilder : IEndpointConventionBuilder =>
        routes.WithMetadata(new NeverRefusedRoute());

    /// <summary>
    /// For a route whose class its method does not say. Outside of <see cref="TakesTurns"/> it has to ask
    /// <see cref="Admission"/> itself, around its one grain call.
    /// </summary>
    public static TBuilder Does<TBuilder>(this TBuilder routes, RouteClass route)
        where TBuilder : IEndpointConventionBuilder => routes.WithMetadata(new WorkClass(route));

    /// <summary>
    /// For all other groups: their turn comes after the body was read, so that slow senders hold up nobody.
    /// </summary>
    public static RouteGroupBuilder TakesTurns(this RouteGroupBuilder routes)
    {
        routes.AddEndpointFilter(static async (context, next) =>
        {
            var admission = context.HttpContext.RequestServices.GetRequiredService<Admission>();
            var turn = await admission.EnterAsync(WorkClass.Of(context.HttpContext));
            var isMeasured = false;
            try
            {
                var answer = await next(context);
                isMeasured = !WaitingRoute.Is(context.HttpContext);
                return answer;
            }
            finally
            {
                turn.End(isMeasured);
            }
        });
        return routes;
    }
}
