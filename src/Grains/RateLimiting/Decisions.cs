using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.Grains.RateLimiting;

/// <summary>Turns a verdict into the answer the caller gets.</summary>
internal static class Decisions
{
    public static RateLimitDecision From(in Verdict verdict, SubjectPolicy policy, bool cold, bool degraded)
    {
        var shadow = policy.Policy.Mode is EnforcementMode.Shadow;
        return new RateLimitDecision
        {
            Allowed = verdict.Allowed || shadow,
            Reason = verdict.Allowed ? RateLimitReason.WithinLimit
                : verdict.IsGlobal ? RateLimitReason.OverGlobalLimit
                : verdict.RetryAfterMs == Verdict.Never ? RateLimitReason.CostExceedsLimit
                : RateLimitReason.OverLimit,
            Limit = policy.Limit,
            EffectiveLimit = verdict.EffectiveLimit,
            Remaining = verdict.Remaining,
            Window = policy.Window,
            MoreAfter = TimeSpan.FromMilliseconds(verdict.MoreAfterMs),
            ResetAfter = TimeSpan.FromMilliseconds(verdict.ResetAfterMs),
            RetryAfter = verdict.Allowed || verdict.RetryAfterMs == Verdict.Never
                ? null
                : TimeSpan.FromMilliseconds(verdict.RetryAfterMs),
            Cold = cold,
            Degraded = degraded,
        };
    }

    /// <summary>The answer for an address on one of the policy's lists, which is never counted.</summary>
    public static RateLimitDecision Listed(RateLimitReason reason, SubjectPolicy policy)
    {
        var admitted = reason is RateLimitReason.AllowListed;
        return new RateLimitDecision
        {
            Allowed = admitted || policy.Policy.Mode is EnforcementMode.Shadow,
            Reason = reason,
            Limit = policy.Limit,
            EffectiveLimit = admitted ? policy.Limit : 0,
            Remaining = admitted ? policy.Limit : 0,
            Window = policy.Window,
        };
    }

    /// <summary>The answer where no limit could be applied.</summary>
    public static RateLimitDecision Refused(RateLimitReason reason) => new() { Reason = reason };
}
