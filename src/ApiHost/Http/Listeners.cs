namespace Gatehouse.ApiHost.Http;

/// <summary>Which listener a route is served on.</summary>
internal enum Listener
{
    /// <summary>The public one; where there is no other, everything is.</summary>
    Public = 1,

    /// <summary>The one for operators, where there is one.</summary>
    Admin = 2,

    /// <summary>Both.</summary>
    Any = 3,
}

/// <summary>Says which listener a route is served on. A route that says nothing is served on the public one.</summary>
internal sealed record ServedOn(Listener Listener);

/// <summary>Declares the listener of routes.</summary>
internal static class ListenerExtensions
{
    public static TBuilder OnAdminListener<TBuilder>(this TBuilder routes)
        where TBuilder : IEndpointConventionBuilder => routes.WithMetadata(new ServedOn(Listener.Admin));

    public static TBuilder OnAnyListener<TBuilder>(this TBuilder routes) where TBuilder : IEndpointConventionBuilder =>
        routes.WithMetadata(new ServedOn(Listener.Any));
}
