namespace Gatehouse.AspNetCore;

/// <summary>
/// Which Gatehouse a service uses, and as whom. Section <c>Gatehouse</c> of its configuration; checked at start, with
/// the name of the setting in the error. A key that changes later is used from then on.
/// </summary>
public sealed class GatehouseOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Gatehouse";

    /// <summary>Where it is: http or https, with a path if it is behind one. Default: http://localhost:8080.</summary>
    public Uri Url { get; set; } = new("http://localhost:8080");

    /// <summary>The tenant that the service works for. Required.</summary>
    public string Tenant { get; set; } = "";

    /// <summary>
    /// The tenant's API key, with the scopes <c>ratelimit:check</c>, <c>audit:write</c> and <c>idempotency:write</c> as
    /// far as they are used. Required. It is never logged, and no exception holds it.
    /// </summary>
    public string ApiKey { get; set; } = "";

    /// <summary>
    /// How many audit events wait for Gatehouse at most; whoever writes one more waits. Default: 10,000; 1 to
    /// 1,000,000.
    /// </summary>
    public int AuditQueueMax { get; set; } = 10_000;

    /// <summary>
    /// Checks of a rate limit, which a request of the service waits for. Default: 1 s, once. An attempt whose answer is
    /// lost may have been counted, so one that is repeated may count twice.
    /// </summary>
    public CallLimits Check { get; set; } = CallLimits.Of(1, 1, 1);

    /// <summary>Appending audit events. Default: 10 s, 3 times in 30 s. The audit writer then begins again.</summary>
    public CallLimits Append { get; set; } = CallLimits.Of(10, 3, 30);

    /// <summary>
    /// Beginning a request with an idempotency key, which that request waits for. Default: 3 s, 3 times in 10 s.
    /// Waiting for another request with the same key comes on top.
    /// </summary>
    public CallLimits Begin { get; set; } = CallLimits.Of(3, 3, 10);

    /// <summary>
    /// Completing, releasing and renewing it: what must not be lost, because an effect may have happened. Default: 5 s,
    /// 5 times in 30 s.
    /// </summary>
    public CallLimits Step { get; set; } = CallLimits.Of(5, 5, 30);
}
