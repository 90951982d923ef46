namespace Gatehouse.Grains.Abstractions.RateLimiting;

/// <summary>The counter of one (tenant, policy, subject). Keys are built by <see cref="RateLimitKey"/> only.</summary>
[Alias("rl.grain")]
public interface IRateLimitGrain : IGrainWithStringKey
{
    /// <summary>
    /// Decides and counts one call. A cost of 0 is a peek: it counts nothing and says whether a cost of 1 would be
    /// admitted. A refused call counts nothing. Not safe to retry blindly: each call that is admitted counts.
    /// </summary>
    /// <param name="cost">The units it takes; 0 is a peek.</param>
    /// <param name="address">
    /// The exact address of an IP subject, for allow and deny lists finer than the subject; else null.
    /// </param>
    [Alias("check"), ResponseTimeout("00:00:02")]
    ValueTask<RateLimitDecision> CheckAsync(long cost, string? address);

    /// <summary>Gives units back, never below zero in use. Answers as a peek.</summary>
    [Alias("refund"), ResponseTimeout("00:00:02")]
    ValueTask<RateLimitDecision> RefundAsync(long amount);

    /// <summary>Forgets all use. Safe to retry. Answers as a peek.</summary>
    [Alias("reset"), ResponseTimeout("00:00:02")]
    ValueTask<RateLimitDecision> ResetAsync();
}
