using System.Globalization;
using Gatehouse.AspNetCore.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.AspNetCore.Idempotency;

/// <summary>Refusals as <c>application/problem+json</c> (RFC 9457) with a stable <c>code</c>.</summary>
internal sealed class IdempotencyAnswers : IIdempotencyAnswers
{
    public Task RefuseAsync(HttpContext context, IdempotencyRefusal refusal)
    {
        if (refusal.Kind is RefusalKind.Unavailable)
        {
            return OverloadAnswer.WriteAsync(context, "gatehouse_unavailable", refusal.RetryAfter);
        }

        var headers = context.Response.Headers;
        headers.CacheControl = "no-store";
        if (refusal.Kind is RefusalKind.InProgress)
        {
            headers.RetryAfter = OverloadAnswer.Seconds(refusal.RetryAfter).ToString(CultureInfo.InvariantCulture);
        }

        var more = new Dictionary<string, object?> { ["code"] = refusal.Code };
        if (refusal.First is { } first)
        {
            more["originalStatus"] = first.Status;
            headers.Location = first.Headers.GetValueOrDefault("Location");
        }

        return TypedResults.Problem(
            refusal.Detail, null, refusal.Status, refusal.Title, $"urn:gatehouse:problem:{refusal.Code}", more)
            .ExecuteAsync(context);
    }
}
