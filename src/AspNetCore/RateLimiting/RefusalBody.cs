using System.Globalization;
using System.Net.Mime;
using System.Text.Json;
using Gatehouse.AspNetCore.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.AspNetCore.RateLimiting;

/// <summary>A 429 as Gatehouse has it: <c>application/problem+json</c> (RFC 9457), with a stable <c>code</c>.</summary>
internal static class RefusalBody
{
    public static Task WriteAsync(HttpResponse response, RateLimitAnswer answer) =>
        WriteAsync(response, answer.RetryAfter, json =>
        {
            var code = answer.Code ?? "rate_limited";
            WriteHead(json, answer.ProblemType ?? $"urn:gatehouse:problem:{code}", code);
            json.WriteString("detail", answer.Detail);
            json.WriteBoolean("allowed", false);
            json.WriteString("reason", answer.Reason);
            json.WriteNumber("limit", answer.Limit);
            json.WriteNumber("effectiveLimit", answer.EffectiveLimit);
            json.WriteNumber("remaining", answer.Remaining);
            json.WriteNumber("resetAfterMs", (long)answer.ResetAfter.TotalMilliseconds);
            if (answer.RetryAfter is { } wait)
            {
                json.WriteNumber("retryAfterMs", (long)wait.TotalMilliseconds);
            }
            else
            {
                json.WriteNull("retryAfterMs");
            }

            json.WriteBoolean("cold", answer.Cold);
            json.WriteBoolean("degraded", answer.Degraded);
            json.WriteString("policy", answer.Policy);
            json.WriteStartArray("violated-policies");
            json.WriteStringValue(answer.Policy);
            json.WriteEndArray();
        });

    private static void WriteHead(Utf8JsonWriter json, string type, string code)
    {
        json.WriteString("type", type);
        json.WriteString("title", "Too Many Requests");
        json.WriteNumber("status", StatusCodes.Status429TooManyRequests);
        json.WriteString("code", code);
    }

    private static async Task WriteAsync(HttpResponse response, TimeSpan? retryAfter, Action<Utf8JsonWriter> write)
    {
        response.StatusCode = StatusCodes.Status429TooManyRequests;
        response.ContentType = MediaTypeNames.Application.ProblemJson;
        response.Headers.CacheControl = "no-store";
        if (retryAfter is { } wait)
        {
            response.Headers.RetryAfter = OverloadAnswer.Seconds(wait).ToString(CultureInfo.InvariantCulture);
        }

        await using var json = new Utf8JsonWriter(response.BodyWriter);
        json.WriteStartObject();
        write(json);
        json.WriteEndObject();
        await json.FlushAsync(response.HttpContext.RequestAborted);
        await response.BodyWriter.FlushAsync(response.HttpContext.RequestAborted);
    }
}
