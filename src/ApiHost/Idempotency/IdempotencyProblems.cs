using System.Diagnostics;
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

    private static Problem Of(IdempotencyRefusal refusal) => refusal.Kind switch
    {
        RefusalKind.MalformedKey => Problems.Invalid(IdempotencyKeyHeader.Name, refusal.Rule!),
        RefusalKind.MissingKey => Problems.Invalid(IdempotencyKeyHeader.Name, "is required"),
        RefusalKind.InProgress => Problems.IdempotencyInProgress(refusal.RetryAfter),
        RefusalKind.OutcomeUnknown => Problems.IdempotencyOutcomeUnknown(),
        RefusalKind.AnswerNotKept => new AnswerNotKept(refusal.First!.Status)
        {
            Status = StatusCodes.Status409Conflict,
            Code = "idempotency_answer_not_kept",
            Title = "The request with this key was done, and its answer is not kept",
            Detail = "Nothing was done again.",
        },
        RefusalKind.KeyReused => Problems.IdempotencyKeyReused(),
        _ => throw new UnreachableException($"Refusal {refusal.Kind}"),
    };

    private sealed record AnswerNotKept(int OriginalStatus) : Problem
    {
        protected override void WriteExtensions(Utf8JsonWriter json) =>
            json.WriteNumber("originalStatus", OriginalStatus);
    }
}
