using Microsoft.AspNetCore.Http.Features;

namespace Gatehouse.ApiHost.Http;

/// <summary>How large a body may be.</summary>
internal static class BodyLimit
{
    /// <summary>Enforced by Kestrel while it reads, so that a body without a length is bounded too.</summary>
    public const int Bytes = 64 * 1024;

    /// <summary>What a route may take that takes a batch of such bodies.</summary>
    public const int BatchBytes = 1024 * 1024;

    /// <summary>The limit of this request.</summary>
    public static long Of(HttpContext context) =>
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize ?? Bytes;

    /// <summary>
    /// Kestrel ends the connection behind a body that is too large, even where the answer was given without reading it.
    /// Said in the answer, so that nobody sends the next request into a connection that is about to close.
    /// </summary>
    public static void AnnounceEnd(HttpContext context)
    {
        if (context.Request.ContentLength > Of(context) && HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            context.Response.Headers.Connection = "close";
        }
    }
}
