using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.ApiHost.RateLimiting;

/// <summary>Which refusals may be repeated without asking the grain again, and for how long.</summary>
internal static class DenyRules
{
    /// <summary>
    /// A cold region may turn out to be an old one as soon as its store is reached, and admit more. Asked once a
    /// second, the grain knows as soon as its silo does.
    /// </summary>
    public static readonly TimeSpan ColdMax = TimeSpan.FromSeconds(1);

    /// <summary>The other regions' use may fall at any time, and is asked for this often.</summary>
    public static readonly TimeSpan GlobalMax = TimeSpan.FromMilliseconds(250);

    // The grain counts in the region's time, which may run faster than this host's by a thousandth while it is being
    // corrected, and by what two clocks differ.
    private const int ClockMargin = 500;

    /// <summary>
    /// Until when, counted from before the grain was asked, it would give no other answer if nobody else called; zero
    /// when its answer must not be repeated at all. One case for each reason.
    /// </summary>
    public static TimeSpan RepeatableFor(in CheckCall call, in RateLimitDecision decision)
    {
        if (decision is not { Allowed: false, Degraded: false, RetryAfter: { } retryAfter }
            || !IsAboutTheWholeSubject(call) || !IsOfThisPolicy(call))
        {
            return TimeSpan.Zero;
        }

        return decision.Reason switch
        {
            RateLimitReason.OverLimit when decision.Cold => Shorter(ColdMax, Unchanged(decision, retryAfter)),
            RateLimitReason.OverLimit => Unchanged(decision, retryAfter),
            RateLimitReason.OverGlobalLimit => Shorter(GlobalMax, Unchanged(decision, retryAfter)),
            _ => TimeSpan.Zero,
        };
    }

    /// <summary>
    /// The policy's lists may name single addresses of an IPv6 network, and what holds for one does not for another.
    /// Without lists the grain is not told the address at all.
    /// </summary>
    private static bool IsAboutTheWholeSubject(in CheckCall call) =>
        call.Address is null || !IsIPv6(call.Key.Subject)
        || !(call.Policy.Allow.Any(IsIPv6) || call.Policy.Deny.Any(IsIPv6));

    private static bool IsIPv6(string network) => network.Contains(':', StringComparison.Ordinal);

    /// <summary>
    /// The silo may have decided by an older document than this host's, for as long as it may take it to see a change.
    /// </summary>
    private static bool IsOfThisPolicy(in CheckCall call) => call.PolicyKnownFor >= TenantDirectory.StaleMax;

    /// <summary>
    /// Units come back before the call can be admitted when it costs more than one: from then on, less would be true of
    /// the answer than of the refusal. A millisecond less, because the grain counts in whole ones.
    /// </summary>
    private static TimeSpan Unchanged(in RateLimitDecision decision, TimeSpan retryAfter)
    {
        var unchanged = decision.MoreAfter > TimeSpan.Zero ? Shorter(decision.MoreAfter, retryAfter) : retryAfter;
        return unchanged - (unchanged / ClockMargin) - TimeSpan.FromMilliseconds(1);
    }

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
