using Gatehouse.Grains.Abstractions.Idempotency;

namespace Gatehouse.Grains.Idempotency;

/// <summary>A key as it is stored.</summary>
/// <param name="State">Its state.</param>
/// <param name="Epoch">Counts its claims.</param>
/// <param name="Fingerprint">What the request was.</param>
/// <param name="LeaseLeft">In progress: how long the claim lasts; not positive: it was abandoned.</param>
/// <param name="Response">The answer, once there is one.</param>
internal sealed record StoredKey(
    KeyState State, long Epoch, string Fingerprint, TimeSpan LeaseLeft, StoredResponse? Response);

/// <summary>The states of a key.</summary>
internal enum KeyState
{
    None = 0,

    /// <summary>Somebody has begun.</summary>
    InProgress,

    /// <summary>It was done, and its answer is kept.</summary>
    Completed,

    /// <summary>It was done; its answer is not kept.</summary>
    Tombstoned,

    /// <summary>It was begun, and nobody knows how it ended.</summary>
    Unknown,

    /// <summary>It had no effect: anybody may begin.</summary>
    Released,
}

/// <summary>
/// The rules of one key. Claims themselves are the store's, in one script with what is compared: here is what becomes
/// of a request that finds the key taken, and what of an answer is kept.
/// </summary>
internal static class IdempotencyKey
{
    /// <summary>
    /// Larger answers leave a tombstone: they are not given again, and the effect does not start again.
    /// </summary>
    public const int BodyMax = 256 * 1024;

    /// <summary>A lease is long, most requests are not.</summary>
    private static readonly TimeSpan RetryAfterMax = TimeSpan.FromSeconds(5);

    /// <summary>What of an answer's headers is kept: what says what the body is. Never a secret.</summary>
    private static readonly HashSet<string> HeadersKept = new(StringComparer.OrdinalIgnoreCase)
    {
        "Content-Type", "Location", "ETag", "Link", "Content-Language", "Content-Encoding",
    };

    /// <summary>What a request is told that finds the key taken.</summary>
    public static BeginResult Answer(StoredKey stored, string fingerprint)
    {
        // First of all: whatever became of it, it was another request.
        if (stored.Fingerprint != fingerprint)
        {
            return new BeginResult { Outcome = BeginOutcome.Mismatch };
        }

        return stored.State switch
        {
            KeyState.Completed => Of(BeginOutcome.Completed),
            KeyState.Tombstoned => Of(BeginOutcome.Tombstoned),
            KeyState.InProgress when stored.LeaseLeft > TimeSpan.Zero =>
                Of(BeginOutcome.InProgress) with
                {
                    RetryAfter = stored.LeaseLeft < RetryAfterMax ? stored.LeaseLeft : RetryAfterMax,
                },
            _ => Of(BeginOutcome.Unknown),
        };

        BeginResult Of(BeginOutcome outcome) =>
            new() { Outcome = outcome, Epoch = stored.Epoch, Response = stored.Response };
    }

    /// <summary>What becomes of a key with that answer, and what of the answer is kept.</summary>
    public static (KeyState State, StoredResponse Kept) Keep(StoredResponse response)
    {
        var kept = response with
        {
            Headers = response.Headers.Where(static header => HeadersKept.Contains(header.Key))
                .ToDictionary(static header => header.Key, static header => header.Value),
        };
        return response.Status switch
        {
            // It was not begun: the next one may.
            401 or 403 or 408 or 409 or 425 or 429 => (KeyState.Released, kept with { Body = [] }),
            // Something went wrong, and whether before or after the effect is not known.
            >= 500 => (KeyState.Unknown, kept with { Body = [] }),
            _ when response.IsTombstone || response.Body.Length > BodyMax =>
                (KeyState.Tombstoned, kept with { Body = [] }),
            _ => (KeyState.Completed, kept),
        };
    }

    /// <summary>What is said of a step that ended a key like this.</summary>
    public static StepOutcome Ended(StepOutcome outcome, KeyState state) => (outcome, state) switch
    {
        (StepOutcome.Done, KeyState.Released) => StepOutcome.Released,
        (StepOutcome.Done, KeyState.Unknown) => StepOutcome.Unknown,
        _ => outcome,
    };

    /// <summary>A state as it is stored, and as callers read it.</summary>
    public static string Word(KeyState state) => state switch
    {
        KeyState.InProgress => "in_progress",
        KeyState.Completed => "completed",
        KeyState.Tombstoned => "tombstoned",
        KeyState.Unknown => "unknown",
        _ => "released",
    };

    /// <summary>What a stored word means; one that a later version wrote is nobody's to start again.</summary>
    public static KeyState State(string word) => word switch
    {
        "in_progress" => KeyState.InProgress,
        "completed" => KeyState.Completed,
        "tombstoned" => KeyState.Tombstoned,
        "released" => KeyState.Released,
        _ => KeyState.Unknown,
    };
}
