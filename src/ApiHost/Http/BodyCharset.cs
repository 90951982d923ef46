using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Net.Http.Headers;

namespace Gatehouse.ApiHost.Http;

/// <summary>
/// JSON is UTF-8 (RFC 8259, section 8.1). Of a charset that it does not know, the framework makes a failure that looks
/// like this program's own, behind the claim of an <c>Idempotency-Key</c>: so it is looked at before both.
/// </summary>
internal static class BodyCharset
{
    private const string Utf8 = "utf-8";

    public static Task CheckAsync(HttpContext context, RequestDelegate next)
    {
        var type = context.Request.ContentType;
        if (type?.Contains("charset", StringComparison.OrdinalIgnoreCase) is not true
            || context.GetEndpoint()?.Metadata.GetMetadata<IAcceptsMetadata>() is null
            || !MediaTypeHeaderValue.TryParse(type, out var media) || !media.Charset.HasValue)
        {
            return next(context);
        }

        if (!HeaderUtilities.RemoveQuotes(media.Charset).Equals(Utf8, StringComparison.OrdinalIgnoreCase))
        {
            return Problems.UnsupportedMediaType().ExecuteAsync(context);
        }

        // In quotes it says the same (RFC 9110, section 5.6.6), and the framework does not know it.
        media.Charset = Utf8;
        context.Request.ContentType = media.ToString();
        return next(context);
    }
}
