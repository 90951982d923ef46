using System.Diagnostics;
using Microsoft.AspNetCore.Http.Features;

namespace Gatehouse.ApiHost.Http;

/// <summary>
/// What has to happen to the target of a proxy's call before anything else reads it: the proxy's key is kept out of the
/// trace, and what Envoy appends is cut off.
/// </summary>
internal static class ForwardAuthTarget
{
    private const string EnvoyPrefix = "/authz/envoy/";

    public static void Prepare(HttpContext context)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (target.StartsWith(EnvoyPrefix, StringComparison.OrdinalIgnoreCase))
        {
            // What follows the policy is the client's own path and query. Its dot segments would lead to a policy of
            // the client's choice, or to a public route, whose 200 admits.
            context.Request.Path = PathString.FromUriComponent(target[..EndOfPolicy(target)]);
            context.Request.QueryString = default;
        }

        if (context.Request.Path.StartsWithSegments("/authz"))
        {
            Activity.Current?.SetTag("url.query", null);
        }
    }

    private static int EndOfPolicy(string target)
    {
        var end = SegmentEnd(target, EnvoyPrefix.Length);
        return end < target.Length && target[end] == '/' ? SegmentEnd(target, end + 1) : end;
    }

    private static int SegmentEnd(string target, int start)
    {
        var length = target.AsSpan(start).IndexOfAny('/', '?');
        return length < 0 ? target.Length : start + length;
    }
}
