using System.Text.Json;
using Gatehouse.ApiHost.Http;
using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.ApiHost.RateLimiting;

/// <summary>The answer to a check, written straight to the connection: this is the hot path.</summary>
internal sealed class CheckResult(string policy, RateLimitDecision decision) : IResult
{
    private readonly string _policy = policy;
    private readonly RateLimitDecision _decision = decision;
    private int? _statusAlone;

    /// <summary>The same answer for a proxy: admitted is this status and the headers, without a body.</summary>
    public CheckResult ForProxy(int admitted) => new(_policy, _decision) { _statusAlone = admitted };

    public static string Tag(RateLimitReason reason) => reason switch
    {
        RateLimitReason.WithinLimit => "within_limit",
        RateLimitReason.OverLimit => "over_limit",
        RateLimitReason.CostExceedsLimit => "cost_exceeds_limit",
        RateLimitReason.AllowListed => "allow_listed",
        RateLimitReason.DenyListed => "deny_listed",
        RateLimitReason.OverGlobalLimit => "over_global_limit",
        _ => "none",
    };

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        RateLimitHeaders.WriteDraft10(response, _policy, _decision);
        if (!_decision.Allowed)
        {
            return CheckRefusal.From(_policy, _decision).ExecuteAsync(httpContext);
        }

        response.Headers.CacheControl = "no-store";
        if (_statusAlone is { } status)
        {
            response.StatusCode = status;
            return Task.CompletedTask;
        }

        response.ContentType = "application/json; charset=utf-8";
        return JsonAnswer.WriteAsync(httpContext, this, static (json, result) =>
        {
            json.WriteStartObject();
            WriteMembers(json, result._policy, result._decision);
            json.WriteEndObject();
        });
    }

    public static void WriteMembers(Utf8JsonWriter json, string policy, in RateLimitDecision decision)
    {
        json.WriteBoolean("allowed"u8, decision.Allowed);
        json.WriteString("reason"u8, Tag(decision.Reason));
        json.WriteNumber("limit"u8, decision.Limit);
        json.WriteNumber("effectiveLimit"u8, decision.EffectiveLimit);
        json.WriteNumber("remaining"u8, decision.Remaining);
        json.WriteNumber("resetAfterMs"u8, Milliseconds(decision.ResetAfter));
        if (decision.Allowed)
        {
            json.WriteNumber("retryAfterMs"u8, 0);
        }
        else if (decision.RetryAfter is { } wait)
        {
            json.WriteNumber("retryAfterMs"u8, Milliseconds(wait));
        }
        else
        {
            json.WriteNull("retryAfterMs"u8);
        }

        json.WriteBoolean("cold"u8, decision.Cold);
        json.WriteBoolean("degraded"u8, decision.Degraded);
        json.WriteString("policy"u8, policy);
    }

    private static long Milliseconds(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMillisecond;
}
