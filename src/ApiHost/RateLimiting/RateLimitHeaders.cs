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
        response.Headers["RateLimit-Policy"] = Policy(policy, decision);
        response.Headers["RateLimit"] = Remaining(policy, decision);
    }

    // Policy names hold no quote and no backslash, so they need no escaping.
    public static string Policy(string policy, in RateLimitDecision decision) => string.Create(
        CultureInfo.InvariantCulture, $"\"{policy}\";q={decision.EffectiveLimit};w={Seconds(decision.Window)}");

    public static string Remaining(string policy, in RateLimitDecision decision) => decision.MoreAfter == TimeSpan.Zero
        ? string.Create(CultureInfo.InvariantCulture, $"\"{policy}\";r={decision.Remaining}")
        : string.Create(
            CultureInfo.InvariantCulture, $"\"{policy}\";r={decision.Remaining};t={Seconds(decision.MoreAfter)}");

    public static long Seconds(TimeSpan time) => (time.Ticks + TimeSpan.TicksPerSecond - 1) / TimeSpan.TicksPerSecond;
}
