namespace Gatehouse.ApiHost.Http;

/// <summary>
/// Marks a route that nginx' <c>auth_request</c> calls. It passes 401 and 403 on and makes a 500 of everything else, so
/// each 429 is spelt 403 there; <see cref="StatusHeader"/> tells it from a 403 that is about the proxy's own key.
/// </summary>
internal sealed class NginxRoute
{
    public const string StatusHeader = "X-RateLimit-Status";

    public static Problem Spell(Problem problem, HttpContext context)
    {
        if (problem.Status != StatusCodes.Status429TooManyRequests
            || context.GetEndpoint()?.Metadata.GetMetadata<NginxRoute>() is null)
        {
            return problem;
        }

        context.Response.Headers[StatusHeader] = "429";
        return problem with { Status = StatusCodes.Status403Forbidden };
    }
}
