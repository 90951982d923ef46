using Microsoft.AspNetCore.Http;

namespace Gatehouse.AspNetCore.Idempotency;

/// <summary>Why a request with an <c>Idempotency-Key</c> is not run.</summary>
public enum RefusalKind
{
    /// <summary>Not set.</summary>
    None = 0,

    /// <summary>The header is not one key: 400.</summary>
    MalformedKey = 1,

    /// <summary>The endpoint asks for a key: 400.</summary>
    MissingKey = 2,

    /// <summary>The request with this key is being done: 409 and <c>Retry-After</c>.</summary>
    InProgress = 3,

    /// <summary>It was begun, and nobody knows how it ended: 409.</summary>
    OutcomeUnknown = 4,

    /// <summary>It was done, and its answer is not kept: 409.</summary>
    AnswerNotKept = 5,

    /// <summary>The key stands for another request: 422.</summary>
    KeyReused = 6,

    /// <summary>Nobody can say whether it was done: 429. Nothing was begun.</summary>
    Unavailable = 7,
}

/// <summary>A refusal.</summary>
/// <param name="Kind">Why.</param>
public sealed record IdempotencyRefusal(RefusalKind Kind)
{
    /// <summary>The rule that the header breaks.</summary>
    public string? Rule { get; init; }

    /// <summary>When to try again.</summary>
    public TimeSpan RetryAfter { get; init; }

    /// <summary>What was answered first, as far as it is kept.</summary>
    public KeptResponse? First { get; init; }

    /// <summary>The HTTP status.</summary>
    public int Status => Kind switch
    {
        RefusalKind.MalformedKey or RefusalKind.MissingKey => StatusCodes.Status400BadRequest,
        RefusalKind.KeyReused => StatusCodes.Status422UnprocessableEntity,
        RefusalKind.Unavailable => StatusCodes.Status429TooManyRequests,
        _ => StatusCodes.Status409Conflict,
    };

    /// <summary>The stable word for it.</summary>
    public string Code => Kind switch
    {
        RefusalKind.MalformedKey => "idempotency_key_malformed",
        RefusalKind.MissingKey => "idempotency_key_required",
        RefusalKind.InProgress => "idempotency_in_progress",
        RefusalKind.OutcomeUnknown => "idempotency_outcome_unknown",
        RefusalKind.AnswerNotKept => "idempotency_answer_not_kept",
        RefusalKind.KeyReused => "idempotency_key_reused",
        _ => "service_overloaded",
    };

    /// <summary>What that means.</summary>
    public string Title => Kind switch
    {
        RefusalKind.MalformedKey => "The Idempotency-Key is not one key",
        RefusalKind.MissingKey => "The endpoint asks for an Idempotency-Key",
        RefusalKind.InProgress => "The request with this key is being done",
        RefusalKind.OutcomeUnknown => "The request with this key was begun, and nobody knows how it ended",
        RefusalKind.AnswerNotKept => "The request with this key was done, and its answer is not kept",
        RefusalKind.KeyReused => "The Idempotency-Key was used for another request",
        _ => "Too Many Requests",
    };

    /// <summary>What to do about it.</summary>
    public string Detail => Kind switch
    {
        RefusalKind.MalformedKey => $"Idempotency-Key {Rule}.",
        RefusalKind.MissingKey =>
            "Send one that is this request's own, such as a UUID, and the same again with every repetition.",
        RefusalKind.InProgress => "Send it again later, or with Prefer: wait=N.",
        RefusalKind.OutcomeUnknown =>
            "It is not started again. Find out what it did; a new request needs a new key.",
        RefusalKind.AnswerNotKept => "Nothing was done again.",
        RefusalKind.KeyReused => "Nothing was done. A key is for one request and its repetitions.",
        _ => "Nothing was begun. Send it again with the same key.",
    };
}

/// <summary>Writes refusals. A service that has problem bodies of its own registers one of its own.</summary>
public interface IIdempotencyAnswers
{
    /// <summary>Answers a request that is not run.</summary>
    Task RefuseAsync(HttpContext context, IdempotencyRefusal refusal);
}
