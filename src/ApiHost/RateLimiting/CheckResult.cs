using System.Text.Json;
using Gatehouse.ApiHost.Http;
using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.ApiHost.RateLimiting;

/// <summary>The answer to a check, written straight to the connection: this is the hot path.</summary>
internal sealed class CheckResult(string policy, RateLimitDecision decision) : IResult
{
    public static string Tag(RateLimitReason reason) => reason switch
    {
        RateLimitReason.WithinLimit => "within_limit",
        RateLimitReason.OverLimit => "over_limit",
        RateLimitReason.CostExceedsLimit => "cost_exceeds_limit",
        RateLimitReason.AllowListed => "allow_listed",
        RateLimitReason.DenyListed => "deny_listed",
        _ => "none",
    };

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        RateLimitHeaders.WriteDraft10(response, policy, decision);
        if (!decision.Allowed)
        {
            return CheckRefusal.From(policy, decision).ExecuteAsync(httpContext);
        }

        response.ContentType = "application/json; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        using (var json = new Utf8JsonWriter(response.BodyWriter))
        {
            json.WriteStartObject();
            WriteMembers(json, policy, decision);
            json.WriteEndObject();
        }

        return response.BodyWriter.FlushAsync(httpContext.RequestAborted).GetAsTask();
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

/// <summary>Flushing a small answer is nearly always done at once; this keeps the slow case off the fast one.</summary>
internal static class FlushExtensions
{
    public static Task GetAsTask(this ValueTask<System.IO.Pipelines.FlushResult> flush) =>
        flush.IsCompletedSuccessfully ? Task.CompletedTask : flush.AsTask();
}
