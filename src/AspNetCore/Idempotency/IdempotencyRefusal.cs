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
}

/// <summary>Writes refusals. A service that has problem bodies of its own registers one of its own.</summary>
public interface IIdempotencyAnswers
{
    /// <summary>Answers a request that is not run.</summary>
    Task RefuseAsync(HttpContext context, IdempotencyRefusal refusal);
}
