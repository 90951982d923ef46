using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Gatehouse.ApiHost.Http;
using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.ApiHost.RateLimiting;

/// <summary>The 429 of a check, with the problem types of draft-ietf-httpapi-ratelimit-headers.</summary>
internal sealed record CheckRefusal : Problem
{
    private const string Registry = "https://iana.org/assignments/http-problem-types#";

    private readonly string _policy;
    private readonly RateLimitDecision _decision;

    [SetsRequiredMembers]
    private CheckRefusal(string policy, in RateLimitDecision decision, string code, string type, string detail)
    {
        (_policy, _decision) = (policy, decision);
        (Code, Type, Detail) = (code, Registry + type, detail);
        Status = StatusCodes.Status429TooManyRequests;
        Title = "Too Many Requests";
        RetryAfter = decision.RetryAfter;
    }

    public static CheckRefusal From(string policy, in RateLimitDecision decision) => decision switch
    {
        { Reason: RateLimitReason.CostExceedsLimit } => new(policy, decision, "cost_exceeds_limit", "quota-exceeded",
            $"The cost is above the limit of {decision.Limit}: this call can never succeed."),
        { Reason: RateLimitReason.DenyListed } => new(policy, decision, "deny_listed", "abnormal-usage-detected",
            "The policy denies this address."),
        { Cold: true } => new(policy, decision, "rate_limited", "temporary-reduced-capacity",
            $"The region is young and admits {decision.EffectiveLimit} of {decision.Limit}."),
        _ => new(policy, decision, "rate_limited", "quota-exceeded",
            $"The limit of {decision.EffectiveLimit} is spent."),
    };

    protected override void WriteExtensions(Utf8JsonWriter json)
    {
        CheckResult.WriteMembers(json, _policy, _decision);
        json.WriteStartArray("violated-policies"u8);
        json.WriteStringValue(_policy);
        json.WriteEndArray();
    }
}
