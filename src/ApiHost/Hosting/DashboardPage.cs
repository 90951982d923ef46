using Gatehouse.ApiHost.Http;
using Orleans.Dashboard;

namespace Gatehouse.ApiHost.Hosting;

/// <summary>The page of the Orleans dashboard, for the admin's browser.</summary>
internal static class DashboardPage
{
    /// <summary>
    /// Not shown: the log, which can name callers, and the state of grains, which holds hashes of API keys.
    /// </summary>
    private static readonly string[] Hidden = ["/Trace", "/GrainState"];

    public static void MapDashboard(this IEndpointRouteBuilder routes) => routes.MapOrleansDashboard("/dashboard")
        .AddEndpointFilter(static (context, next) => IsHidden(context.HttpContext)
            ? ValueTask.FromResult<object?>(Problems.RouteNotFound())
            : next(context))
        .ExcludeFromDescription()
        .WithMetadata(new Access(AccessKind.Admin, Places: CredentialPlaces.Password))
        .OnAdminListener();

    private static bool IsHidden(HttpContext context) => context.GetEndpoint() is RouteEndpoint route
        && Hidden.Any(hidden => route.RoutePattern.RawText!.EndsWith(hidden, StringComparison.Ordinal));
}
