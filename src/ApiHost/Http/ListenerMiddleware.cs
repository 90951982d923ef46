namespace Gatehouse.ApiHost.Http;

/// <summary>
/// Keeps the listeners apart: what is not served on the one that took the connection is not there at all. It goes by
/// the connection's own port: the Host header is whatever a client writes.
/// </summary>
internal sealed class ListenerMiddleware(RequestDelegate next, AdminPort admin)
{
    /// <summary>Routes that are only for operators, however they are asked.</summary>
    private static readonly PathString[] AdminPaths = ["/metrics", "/health/dependencies", "/dashboard"];

    public Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint() is { } endpoint && !IsServed(context, endpoint))
        {
            context.SetEndpoint(null);
        }

        return next(context);
    }

    private bool IsServed(HttpContext context, Endpoint endpoint)
    {
        var isAdmin = context.Connection.LocalPort == admin.Number;
        // The framework's own endpoint, for a method that a path does not know, says nothing.
        var served = endpoint.Metadata.GetMetadata<ServedOn>()?.Listener
            ?? (Array.Exists(AdminPaths, path => context.Request.Path.StartsWithSegments(path))
                ? Listener.Admin
                : Listener.Public);
        return served is Listener.Any || served is Listener.Admin == isAdmin;
    }
}

/// <summary>The port of the listener for operators.</summary>
internal sealed record AdminPort(int Number);
