using System.Globalization;
using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.ApiHost.RateLimiting;

/// <summary>
/// Writes <c>RateLimit</c> and <c>RateLimit-Policy</c> in the syntax of draft-ietf-httpapi-ratelimit-headers-10
/// (structured fields, RFC 9651). Later drafts rename parameters: another version is another method here.
/// </summary>
internal static class RateLimitHeaders
{
    public static void WriteDraft10(HttpResponse response, string policy, in RateLimitDecision decision)
    {
        // Policy names hold no quote and no backslash, so they need no escaping.
        response.Headers["RateLimit-Policy"] = string.Create(CultureInfo.InvariantCulture,
            $"\"{policy}\";q={decision.EffectiveLimit};w={Seconds(decision.Window)}");
        var remaining = string.Create(CultureInfo.InvariantCulture, $"\"{policy}\";r={decision.Remaining}");
        response.Headers["RateLimit"] = decision.MoreAfter == TimeSpan.Zero
            ? remaining
            : string.Create(CultureInfo.InvariantCulture, $"{remaining};t={Seconds(decision.MoreAfter)}");
    }

    private static long Seconds(TimeSpan time) => (time.Ticks + TimeSpan.TicksPerSecond - 1) / TimeSpan.TicksPerSecond;
}
