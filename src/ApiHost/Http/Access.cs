namespace Gatehouse.ApiHost.Http;

/// <summary>Who may call a route.</summary>
internal enum AccessKind
{
    /// <summary>Anybody, without a credential; never refused.</summary>
    Public = 1,

    /// <summary>Anybody with a good credential.</summary>
    AnyCredential = 2,

    /// <summary>The tenant that the route names, with a key that holds the scope; and the admin.</summary>
    Tenant = 3,

    /// <summary>The admin only.</summary>
    Admin = 4,

    /// <summary>
    /// Anybody, without a credential, but within the limit for one client and not while there is too much to do.
    /// </summary>
    Anonymous = 5,
}

/// <summary>Where a route takes its credential from; what stands elsewhere is not looked at.</summary>
[Flags]
internal enum CredentialPlaces
{
    /// <summary><c>Authorization: Bearer</c>.</summary>
    Authorization = 1,

    /// <summary>The header <see cref="Authenticator.KeyHeader"/>: a proxy's key, beside its client's headers.</summary>
    KeyHeader = 2,

    /// <summary>The query's <see cref="Authenticator.KeyParameter"/>, for a proxy that can set no header.</summary>
    KeyQuery = 4,

    /// <summary><c>Authorization: Basic</c>, any user name: for a browser, which asks for the password.</summary>
    Password = 8,
}

/// <summary>What a route asks of its caller. A route without it does not start: nothing is open by accident.</summary>
/// <param name="Kind">Who may call.</param>
/// <param name="Scope">The scope that a tenant's key must hold.</param>
/// <param name="Places">Where the credential may stand.</param>
internal sealed record Access(
    AccessKind Kind, string? Scope = null, CredentialPlaces Places = CredentialPlaces.Authorization)
{
    /// <summary>The route parameter that names the tenant.</summary>
    public const string TenantParameter = "tenant";
}

/// <summary>Declares the access of routes.</summary>
internal static class AccessExtensions
{
    public static TBuilder Public<TBuilder>(this TBuilder routes) where TBuilder : IEndpointConventionBuilder =>
        routes.WithMetadata(new Access(AccessKind.Public));

    public static TBuilder AllowAnyone<TBuilder>(this TBuilder routes) where TBuilder : IEndpointConventionBuilder =>
        routes.WithMetadata(new Access(AccessKind.Anonymous));

    public static TBuilder RequireCredential<TBuilder>(this TBuilder routes)
        where TBuilder : IEndpointConventionBuilder => routes.WithMetadata(new Access(AccessKind.AnyCredential));

    public static TBuilder RequireScope<TBuilder>(
        this TBuilder routes, string scope, CredentialPlaces places = CredentialPlaces.Authorization)
        where TBuilder : IEndpointConventionBuilder =>
        routes.WithMetadata(new Access(AccessKind.Tenant, scope, places));

    public static TBuilder RequireAdmin<TBuilder>(this TBuilder routes) where TBuilder : IEndpointConventionBuilder =>
        routes.WithMetadata(new Access(AccessKind.Admin));

    /// <summary>Fails the start when a route says nothing about who may call it.</summary>
    public static void RequireAccessOnEveryRoute(this IEndpointRouteBuilder routes)
    {
        foreach (var endpoint in routes.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>())
        {
            if (endpoint.Metadata.GetMetadata<Access>() is null)
            {
                throw new InvalidOperationException(
                    $"The route {endpoint.RoutePattern.RawText} does not say who may call it.");
            }
        }
    }
}
