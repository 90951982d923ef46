using Microsoft.AspNetCore.Http;

namespace Gatehouse.AspNetCore.RateLimiting;

/// <summary>Whose requests are counted, and what holds while Gatehouse cannot say.</summary>
public sealed class GatehouseRateLimitingOptions
{
    /// <summary>
    /// Names the caller, such as the id of an account. Null or empty, or not set: the address of the connection counts
    /// (behind a proxy: what <c>UseForwardedHeaders</c> makes of it). A name of more than 256 characters or with
    /// control characters counts by its hash. All connections without an address, such as those over a Unix socket,
    /// count as one.
    /// </summary>
    public Func<HttpContext, string?>? Subject { get; set; }

    /// <summary>Units the request takes. Default: 1.</summary>
    public Func<HttpContext, long>? Cost { get; set; }

    /// <summary>What holds while Gatehouse gives no decision. Default: the request is refused.</summary>
    public UnavailableRule OnUnavailable { get; set; } = UnavailableRule.Deny;
}

/// <summary>What holds for a request while Gatehouse gives no decision.</summary>
public enum UnavailableRule
{
    /// <summary>Not set; not a rule.</summary>
    None = 0,

    /// <summary>It is answered with 429 <c>service_overloaded</c> and <c>Retry-After</c>.</summary>
    Deny = 1,

    /// <summary>
    /// It goes on, without a limit. Counted by <c>gatehouse.rate_limiting.undecided</c> and logged, once a second.
    /// </summary>
    Allow = 2,
}
