using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.ApiHost.RateLimiting;

/// <summary>One refusal that is remembered. Times are timestamps of this host's clock.</summary>
/// <param name="call">What was asked.</param>
/// <param name="decision">What the grain answered.</param>
/// <param name="ticket">What was known before it was asked.</param>
/// <param name="receivedAt">When the answer came: its waits count from here.</param>
/// <param name="endsAt">From when on the grain has to be asked again.</param>
/// <param name="time">The clock.</param>
internal sealed class Denial(in CheckCall call, in RateLimitDecision decision, in DenyTicket ticket, long receivedAt,
    long endsAt, TimeProvider time)
{
    private DenialResult? _result;

    public RateLimitKey Key { get; } = call.Key;

    public int Hash { get; } = ticket.Hash;

    public RateLimitPolicy Policy { get; } = call.Policy;

    public long Cost { get; } = call.Cost;

    public RateLimitDecision Decision { get; } = decision;

    public long Epoch { get; } = ticket.Epoch;

    /// <summary>How long ago the grain answered.</summary>
    public TimeSpan Age => time.GetElapsedTime(receivedAt);

    public long EndsAt { get; } = endsAt;

    public bool IsUsable(long epoch, long now) => Epoch == epoch && now < EndsAt;

    /// <summary>
    /// What the grain would answer so much later to a call of that cost. For a call that costs more than the one that
    /// was refused, the wait is the least it can be.
    /// </summary>
    public RateLimitDecision After(TimeSpan elapsed, long cost)
    {
        var passed = TimeSpan.FromTicks(elapsed.Ticks - (elapsed.Ticks % TimeSpan.TicksPerMillisecond));
        var canNeverSucceed = cost > Decision.Limit;
        return Decision with
        {
            Reason = canNeverSucceed ? RateLimitReason.CostExceedsLimit : Decision.Reason,
            MoreAfter = Less(Decision.MoreAfter, passed),
            ResetAfter = Less(Decision.ResetAfter, passed),
            RetryAfter = canNeverSucceed ? null : Less(Decision.RetryAfter!.Value, passed),
        };
    }

    /// <summary>The answer, made when it is first needed: most refusals are never asked for again.</summary>
    public Task<IResult> ResultFor(long cost) => cost > Decision.Limit
        ? Task.FromResult<IResult>(new CheckResult(Key.Policy, After(Age, cost)))
        : (_result ??= new DenialResult(this)).Completed;

    private static TimeSpan Less(TimeSpan wait, TimeSpan passed) => wait > passed ? wait - passed : TimeSpan.Zero;
}
