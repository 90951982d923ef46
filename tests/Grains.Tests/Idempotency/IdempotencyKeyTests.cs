using Gatehouse.Grains.Abstractions.Idempotency;
using Gatehouse.Grains.Idempotency;

namespace Gatehouse.Grains.Tests.Idempotency;

/// <summary>What a request is told that finds its key taken, and what of an answer is kept.</summary>
public class IdempotencyKeyTests
{
    private static readonly StoredResponse Created = new() { Status = 201, Body = [1, 2] };

    [Fact]
    public void Answer_OfAnotherRequest_IsAMismatch_WhateverBecameOfIt()
    {
        foreach (var state in Enum.GetValues<KeyState>())
        {
            var result = IdempotencyKey.Answer(new StoredKey(state, 3, "other", TimeSpan.FromSeconds(5), Created), "mine");

            Assert.Equal((BeginOutcome.Mismatch, null), (result.Outcome, result.Response));
        }
    }

    [Fact]
    public void Answer_OfTheSameRequest_FollowsItsState()
    {
        foreach (var (state, left, outcome) in new[]
        {
            (KeyState.Completed, 0, BeginOutcome.Completed), (KeyState.Tombstoned, 0, BeginOutcome.Tombstoned),
            (KeyState.InProgress, 1, BeginOutcome.InProgress), (KeyState.InProgress, 0, BeginOutcome.Unknown),
            (KeyState.InProgress, -1, BeginOutcome.Unknown), (KeyState.Unknown, 0, BeginOutcome.Unknown),
        })
        {
            var result = IdempotencyKey.Answer(new StoredKey(state, 3, "f", TimeSpan.FromMilliseconds(left), Created), "f");

            Assert.Equal((outcome, 3), (result.Outcome, result.Epoch));
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(4_999, 4_999)]
    [InlineData(5_000, 5_000)]
    [InlineData(60_000, 5_000)]
    public void Answer_WhileItRuns_SaysToComeBackWhenTheClaimEnds_AndInFiveSecondsAtMost(int leftMs, int retryAfterMs)
    {
        var stored = new StoredKey(KeyState.InProgress, 3, "f", TimeSpan.FromMilliseconds(leftMs), null);

        Assert.Equal(TimeSpan.FromMilliseconds(retryAfterMs), IdempotencyKey.Answer(stored, "f").RetryAfter);
    }

    // Stored, and read by callers: other words would be another format.
    [Theory]
    [InlineData(KeyState.InProgress, "in_progress")]
    [InlineData(KeyState.Completed, "completed")]
    [InlineData(KeyState.Tombstoned, "tombstoned")]
    [InlineData(KeyState.Unknown, "unknown")]
    [InlineData(KeyState.Released, "released")]
    public void Word_OfAState_IsReadBackAsThatState(object state, string word)
    {
        Assert.Equal(word, IdempotencyKey.Word((KeyState)state));
        Assert.Equal(state, IdempotencyKey.State(word));
    }

    [Fact]
    public void State_OfAWordThatIsNotKnown_IsNobodysToStartAgain() =>
        Assert.Equal(KeyState.Unknown, IdempotencyKey.State("of_a_later_version"));

    [Theory]
    [InlineData(StepOutcome.Done, KeyState.Completed, StepOutcome.Done)]
    [InlineData(StepOutcome.Done, KeyState.Tombstoned, StepOutcome.Done)]
    [InlineData(StepOutcome.Done, KeyState.Released, StepOutcome.Released)]
    [InlineData(StepOutcome.Done, KeyState.Unknown, StepOutcome.Unknown)]
    [InlineData(StepOutcome.Stale, KeyState.Released, StepOutcome.Stale)]
    [InlineData(StepOutcome.Absent, KeyState.Unknown, StepOutcome.Absent)]
    public void Ended_SaysWhatBecameOfTheKey(StepOutcome outcome, object state, StepOutcome said) =>
        Assert.Equal(said, IdempotencyKey.Ended(outcome, (KeyState)state));

    [Theory]
    [InlineData(200, KeyState.Completed)]
    [InlineData(302, KeyState.Completed)]
    [InlineData(404, KeyState.Completed)]
    [InlineData(422, KeyState.Completed)]
    [InlineData(401, KeyState.Released)]
    [InlineData(403, KeyState.Released)]
    [InlineData(408, KeyState.Released)]
    [InlineData(409, KeyState.Released)]
    [InlineData(425, KeyState.Released)]
    [InlineData(429, KeyState.Released)]
    [InlineData(500, KeyState.Unknown)]
    [InlineData(503, KeyState.Unknown)]
    public void Keep_FollowsTheStatus(int status, object state) =>
        Assert.Equal(state, IdempotencyKey.Keep(new StoredResponse { Status = status }).State);

    [Fact]
    public void Keep_OfALargeAnswer_IsATombstone()
    {
        Assert.Equal(KeyState.Completed, Keep(IdempotencyKey.BodyMax).State);
        var (state, kept) = Keep(IdempotencyKey.BodyMax + 1);

        Assert.Equal((KeyState.Tombstoned, 201, 0), (state, kept.Status, kept.Body.Length));
        Assert.Equal(KeyState.Tombstoned, IdempotencyKey.Keep(Created with { IsTombstone = true }).State);
        Assert.Equal(KeyState.Unknown, IdempotencyKey.Keep(new StoredResponse { Status = 500, IsTombstone = true }).State);

        static (KeyState State, StoredResponse Kept) Keep(int length) =>
            IdempotencyKey.Keep(new StoredResponse { Status = 201, Body = new byte[length] });
    }

    [Fact]
    public void Keep_OfHeaders_KeepsNoSecret()
    {
        var (_, kept) = IdempotencyKey.Keep(new StoredResponse
        {
            Status = 201,
            Headers = new Dictionary<string, string>
            {
                ["content-type"] = "text/plain", ["Location"] = "/orders/7", ["Set-Cookie"] = "a=b", ["Authorization"] = "x",
                ["WWW-Authenticate"] = "y", ["Date"] = "today", ["ETag"] = "e", ["Link"] = "l",
                ["Content-Language"] = "en", ["Content-Encoding"] = "br",
            },
        });

        Assert.Equal(
            ["Content-Encoding", "Content-Language", "ETag", "Link", "Location", "content-type"],
            kept.Headers.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("/orders/7", kept.Headers["Location"]);
    }
}
