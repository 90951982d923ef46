using Gatehouse.ApiHost.Http;
using Gatehouse.Grains.Abstractions.Resilience;

namespace Gatehouse.ApiHost.Overload;

/// <summary>
/// Refuses what would be refused later anyway, before it costs anything: before its credential and its body are looked
/// at. Public routes, health and metrics among them, are never refused.
/// </summary>
internal sealed class AdmissionMiddleware(RequestDelegate next, Admission admission)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    public Task InvokeAsync(HttpContext context)
    {
        var endpoint = context.GetEndpoint()?.Metadata;
        if (endpoint?.GetMetadata<Access>() is null or { Kind: AccessKind.Public })
        {
            return next(context);
        }

        var route = endpoint.GetMetadata<WorkClass>()?.Route ?? WorkClass.Of(context.Request.Method);
        return admission.RefusalOf(route) is { } reason
            ? Problems.Overloaded(reason, Applied.No, RetryAfter).ExecuteAsync(context)
            : next(context);
    }
}

/// <summary>The class of a route, where its method does not say it.</summary>
internal sealed record WorkClass(RouteClass Route)
{
    public static RouteClass Of(string method) =>
        HttpMethods.IsGet(method) || HttpMethods.IsHead(method) ? RouteClass.Read : RouteClass.Write;
}

/// <summary>Bounds the work of routes.</summary>
internal static class WorkClassExtensions
{
    /// <summary>For routes that ask <see cref="Admission"/> themselves, around their one grain call.</summary>
    public static TBuilder Does<TBuilder>(this TBuilder routes, RouteClass route)
        where TBuilder : IEndpointConventionBuilder => routes.WithMetadata(new WorkClass(route));

    /// <summary>
    /// For all others: their turn comes after the body was read, so that slow senders hold up nobody.
    /// </summary>
    public static RouteGroupBuilder TakesTurns(this RouteGroupBuilder routes)
    {
        routes.AddEndpointFilter(static async (context, next) =>
        {
            var admission = context.HttpContext.RequestServices.GetRequiredService<Admission>();
            var turn = await admission.EnterAsync(WorkClass.Of(context.HttpContext.Request.Method));
            var isAnswered = false;
            try
            {
                var answer = await next(context);
                isAnswered = true;
                return answer;
            }
            finally
            {
                turn.End(isAnswered);
            }
        });
        return routes;
    }
}
