using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.AspNetCore.Http;

/// <summary>The 429 of a service that cannot ask its Gatehouse, as Gatehouse itself has it.</summary>
internal static class OverloadAnswer
{
    private const string Code = "service_overloaded";
    private const string Type = "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity";

    /// <summary>Answers. Nothing was done; of the reason, callers learn no more than a word.</summary>
    public static Task WriteAsync(HttpContext context, string reason, TimeSpan retryAfter)
    {
        var seconds = Seconds(retryAfter);
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        var more = new Dictionary<string, object?>
        {
            ["code"] = Code,
            ["error"] = Code,
            ["message"] = "Service temporarily overloaded, please retry",
            ["reason"] = reason,
            ["applied"] = "no",
            // Callers who all wait the same time come back all at once: up to a fifth more, never less than the header.
            ["retryAfterMs"] = (long)(seconds * 1000 * (1 + (Random.Shared.NextDouble() / 5))),
        };
        return TypedResults.Problem(null, null, StatusCodes.Status429TooManyRequests, "Too Many Requests", Type, more)
            .ExecuteAsync(context);
    }

    /// <summary>Rounded up, so that a caller who obeys is not early.</summary>
    public static long Seconds(TimeSpan wait) => Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds));
}
