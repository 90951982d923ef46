using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Tenants;
using Gatehouse.Grains.RateLimiting.Ceilings;
using Gatehouse.Grains.RateLimiting.Global;

namespace Gatehouse.Grains.RateLimiting;

/// <summary>One decision, on what is known now.</summary>
internal sealed partial class RateLimitGrain
{
    /// <summary>Whether a call has to be covered by what the store acknowledged.</summary>
    private enum Cover
    {
        Needed = 1,

        /// <summary>The store does not answer, and the policy says what holds then.</summary>
        Unavailable = 2,
    }

    private Missing TryDecide(
        SubjectPolicy policy, in RateLimitCheck check, Cover cover, out RateLimitDecision decision)
    {
        if (policy.Listed(check.Address) is var listed and not RateLimitReason.None)
        {
            decision = Decisions.Listed(listed, policy);
            return Missing.None;
        }

        if (_counts.NeedsLoad)
        {
            decision = default;
            return Missing.History;
        }

        var now = _clock.NowMs;
        var isUncovered = IsUnknownAt(now, policy) || cover is Cover.Unavailable;
        if (isUncovered && (policy.Policy.OnStoreFailure is StoreFailureMode.Deny || _counts.IsInDoubt))
        {
            // What is unknown may be readable by now; a reservation was just asked for in vain.
            decision = Decisions.Refused(RateLimitReason.StoreUnavailable);
            return _isUnknown && cover is Cover.Needed ? Missing.History : Missing.None;
        }

        var isReduced = isUncovered && policy.Policy.OnStoreFailure is StoreFailureMode.Reduced;
        var quota = isReduced ? Reduced(QuotaAt(now), now) : QuotaAt(now);
        var room = RoomFor(policy, quota);
        var (verdict, missing) = _counts.Acquire(quota, room, check.Cost, now, needsCover: !isUncovered);
        if (missing is Missing.None && verdict.Allowed && check.Cost > 0)
        {
            _global?.Admitted(_counts.Counts.Ceiling, room, quota.Limit);
        }

        StayInMemory(policy.Window, now);
        var isDegraded = isUncovered || _key.Kind is SubjectKind.Overflow || (room.IsLimited && _global!.IsCutOff);
        decision = Decisions.From(verdict, policy, cold: now < quota.ColdUntilMs, isDegraded);
        return missing;
    }

    private GlobalRoom RoomFor(SubjectPolicy policy, in Quota quota)
    {
        // The shared bucket stands for no subject that other regions could know.
        if (policy.Policy.Global.Mode is not GlobalMode.Eventual || _key.Kind is SubjectKind.Overflow)
        {
            return GlobalRoom.Unlimited;
        }

        _global ??= new GlobalKeeper(_key.ToString(), _regions);
        return _global.Room(quota, policy.Policy.Global);
    }

    private Quota QuotaAt(long nowMs) =>
        _policy!.QuotaAt(nowMs, _clock.StartedAt?.ToUnixTimeMilliseconds(), _isUnknown ? _unknownUntilMs : 0);

    /// <summary>An unknown history stays unknown for one window; what happened before that no longer counts.</summary>
    private bool IsUnknownAt(long nowMs, SubjectPolicy policy)
    {
        if (_isUnknown && _unknownUntilMs == 0)
        {
            _unknownUntilMs = nowMs + (long)policy.Window.TotalMilliseconds;
        }

        return _isUnknown &= nowMs < _unknownUntilMs;
    }

    private SubjectPolicy? PolicyOf(TenantSnapshot tenant)
    {
        if (ReferenceEquals(tenant, _tenant))
        {
            return _policy;
        }

        _tenant = tenant;
        var policy = tenant.Status is TenantStatus.Active
            ? tenant.Policies.GetValueOrDefault(_key.Policy)?.Policy
            : null;
        // The counters stay as they are: a changed policy is never a fresh budget.
        return _policy = policy is null ? null
            : ReferenceEquals(policy, _policy?.Policy) ? _policy
            : new SubjectPolicy(policy, _key);
    }

    /// <summary>
    /// Counts in memory are cheaper than counts in the store, for as long as a window is short. The runtime waits for
    /// an idle age and, after a delay that ends later, for one more: shorter windows would stay for three.
    /// </summary>
    private void StayInMemory(TimeSpan window, long nowMs)
    {
        var keep = window < _options.IdleMax ? window : _options.IdleMax;
        if (nowMs < _keepUntilMs || keep <= 2 * RateLimitingOptions.IdleMin)
        {
            return;
        }

        _keepUntilMs = nowMs + (long)(keep.TotalMilliseconds / 2);
        DelayDeactivation(keep + (keep / 2));
    }

    /// <summary>
    /// Exact waits are not to be had: how long the store stays away is not known. One span is a good guess.
    /// </summary>
    private static Quota Reduced(in Quota quota, long nowMs)
    {
        var spanMs = quota.WindowMs * SlidingWindow.BucketsPerSpan / SlidingWindow.BucketsPerWindow;
        return quota with { ColdUntilMs = Math.Max(quota.ColdUntilMs, nowMs + spanMs) };
    }
}
