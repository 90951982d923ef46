using System.Text.Json;
using Gatehouse.ApiHost.Http;
using Gatehouse.AspNetCore.Idempotency;

namespace Gatehouse.ApiHost.Idempotency;

/// <summary>Answers requests that are not run as this API answers.</summary>
internal sealed class IdempotencyProblems : IIdempotencyAnswers
{
    public Task RefuseAsync(HttpContext context, IdempotencyRefusal refusal)
    {
        if (refusal.First?.Headers.TryGetValue("Location", out var location) is true)
        {
            context.Response.Headers.Location = location;
        }

        return Of(refusal).ExecuteAsync(context);
    }

    /// <summary>The same words as of the package for services.</summary>
    public static Problem Of(IdempotencyRefusal refusal) => refusal.Kind switch
    {
        RefusalKind.MalformedKey => Problems.Invalid(IdempotencyKeyHeader.Name, refusal.Rule!),
        RefusalKind.AnswerNotKept => new AnswerNotKept(refusal.First!.Status)
        {
            Status = refusal.Status,
            Code = refusal.Code,
            Title = refusal.Title,
            Detail = refusal.Detail,
        },
        _ => new Problem
        {
            Status = refusal.Status,
            Code = refusal.Code,
            Title = refusal.Title,
            Detail = refusal.Detail,
            RetryAfter = refusal.Kind is RefusalKind.InProgress ? refusal.RetryAfter : null,
        },
    };

    private sealed record AnswerNotKept(int OriginalStatus) : Problem
    {
        protected override void WriteExtensions(Utf8JsonWriter json) =>
            json.WriteNumber("originalStatus", OriginalStatus);
    }
}
