using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.AspNetCore.Idempotency;

/// <summary>Refusals as <c>application/problem+json</c> (RFC 9457) with a stable <c>code</c>.</summary>
internal sealed class IdempotencyAnswers : IIdempotencyAnswers
{
    private const string Overloaded = "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity";

    public Task RefuseAsync(HttpContext context, IdempotencyRefusal refusal)
    {
        var (status, title, detail) = Words(refusal);
        var code = Code(refusal.Kind);
        var isOverload = refusal.Kind is RefusalKind.Unavailable;
        var headers = context.Response.Headers;
        headers.CacheControl = "no-store";
        var seconds = Math.Max(1, (long)Math.Ceiling(refusal.RetryAfter.TotalSeconds));
        if (refusal.Kind is RefusalKind.InProgress or RefusalKind.Unavailable)
        {
            headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        var more = new Dictionary<string, object?> { ["code"] = code };
        if (refusal.First is { } first)
        {
            more["originalStatus"] = first.Status;
            headers.Location = first.Headers.GetValueOrDefault("Location");
        }

        if (isOverload)
        {
            (more["error"], more["message"]) = (code, "Service temporarily overloaded, please retry");
            (more["reason"], more["applied"]) = ("gatehouse_unavailable", "no");
            // Callers who all wait the same time come back all at once: up to a fifth more, never less than the header.
            more["retryAfterMs"] = (long)(seconds * 1000 * (1 + (Random.Shared.NextDouble() / 5)));
        }

        var type = isOverload ? Overloaded : $"urn:gatehouse:problem:{code}";
        return TypedResults.Problem(detail, null, status, title, type, more).ExecuteAsync(context);
    }

    /// <summary>The stable word for a refusal.</summary>
    public static string Code(RefusalKind kind) => kind switch
    {
        RefusalKind.MalformedKey => "idempotency_key_malformed",
        RefusalKind.MissingKey => "idempotency_key_required",
        RefusalKind.InProgress => "idempotency_in_progress",
        RefusalKind.OutcomeUnknown => "idempotency_outcome_unknown",
        RefusalKind.AnswerNotKept => "idempotency_answer_not_kept",
        RefusalKind.KeyReused => "idempotency_key_reused",
        _ => "service_overloaded",
    };

    private static (int Status, string Title, string Detail) Words(IdempotencyRefusal refusal) => refusal.Kind switch
    {
        RefusalKind.MalformedKey => (400, "The Idempotency-Key is not one key", $"Idempotency-Key {refusal.Rule}."),
        RefusalKind.MissingKey => (400, "The endpoint asks for an Idempotency-Key",
            "Send one that is this request's own, such as a UUID, and the same again with every repetition."),
        RefusalKind.InProgress => (409, "The request with this key is being done",
            "Send it again later, or with Prefer: wait=N."),
        RefusalKind.OutcomeUnknown => (409, "The request with this key was begun, and nobody knows how it ended",
            "It is not started again. Find out what it did; a new request needs a new key."),
        RefusalKind.AnswerNotKept => (409, "The request with this key was done, and its answer is not kept",
            "Nothing was done again."),
        RefusalKind.KeyReused => (422, "The Idempotency-Key was used for another request",
            "Nothing was done. A key is for one request and its repetitions."),
        _ => (429, "Too Many Requests", "Nothing was begun. Send it again with the same key."),
    };
}
