using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.ApiHost.Http;

/// <summary>Entity tags and the conditions on them (RFC 9110, sections 8.8.3 and 13.1).</summary>
internal static class ETags
{
    public static Precondition Precondition(HttpRequest request)
    {
        var (match, none) = (request.Headers.IfMatch, request.Headers.IfNoneMatch);
        var tags = match.Count == 0
            ? null
            : match.ToString().Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return tags is null && none != "*"
            ? Grains.Abstractions.Tenants.Precondition.Unconditional
            : new Precondition(tags, none == "*");
    }

    public static void Write(HttpResponse response, string tag) => response.Headers.ETag = tag;
}
