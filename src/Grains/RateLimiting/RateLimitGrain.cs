using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Abstractions.Tenants;
using Gatehouse.Grains.Regions;
using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.RateLimiting;

/// <summary>
/// Runs <see cref="RateLimiter"/> for one subject, in memory. The store is read once, when the subject comes into
/// memory, and written once, when it leaves while its counts still matter.
/// </summary>
[GrainType("rl")]
internal sealed partial class RateLimitGrain(
    TenantDirectory tenants, RegionClock clock, IRateLimitStore store, TrackedSubjects tracked,
    RateLimitingMetrics metrics, IOptions<RateLimitingOptions> options, TimeProvider time,
    ILogger<RateLimitGrain> logger) : Grain, IRateLimitGrain
{
    private RateLimitKey _key;
    private RateLimitState _state;
    private TenantSnapshot? _tenant;
    private SubjectPolicy? _policy;
    private bool _isTracked;
    private bool _isUnknown;
    private long _unknownUntilMs;
    private long _keepUntilMs;

    private string StoreKey => this.GetPrimaryKeyString();

    private bool SharesBucket => !_isTracked && _key.Kind is not SubjectKind.Overflow;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (!RateLimitKey.TryParse(this.GetPrimaryKeyString(), out _key))
        {
            throw new ArgumentException("Not the key of a rate-limit counter.");
        }

        _isTracked = _key.Kind is not SubjectKind.Overflow && tracked.TryEnter();
        if (!SharesBucket)
        {
            await LoadAsync();
        }
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (_isTracked)
        {
            tracked.Leave();
        }

        var now = clock.NowMs;
        var timeToLive = _policy is null ? 0 : RateLimiter.DrainedAtMs(_state, QuotaAt(now)) - now;
        if (SharesBucket || timeToLive <= 0)
        {
            return;
        }

        try
        {
            await store.SaveAsync(StoreKey, _state, TimeSpan.FromMilliseconds(timeToLive)).WaitAsync(cancellationToken);
        }
#pragma warning disable CA1031 // The activation ends either way; that its counts are lost is counted and logged.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            metrics.StoreFailed("save");
            LogSaveFailed(failure);
        }
    }

    public ValueTask<RateLimitDecision> CheckAsync(RateLimitCheck check) =>
        !SharesBucket && tenants.TryGet(_key.Tenant, out var tenant) && PolicyOf(tenant) is { } policy
            ? ValueTask.FromResult(Check(policy, check))
            : CheckSlowAsync(check);

    public async ValueTask<RateLimitDecision> RefundAsync(long amount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(amount);
        if (SharesBucket)
        {
            return await ShareBucket().RefundAsync(amount);
        }

        if (PolicyOf(await tenants.GetAsync(_key.Tenant)) is not null)
        {
            var now = clock.NowMs;
            _state = RateLimiter.Refund(_state, QuotaAt(now), amount, now);
        }

        return await CheckAsync(default);
    }

    public async ValueTask<RateLimitDecision> ResetAsync()
    {
        try
        {
            // First the store: were it last and failed, the old counts could come back after the caller was told they
            // are gone.
            await store.DeleteAsync(StoreKey);
        }
        catch (Exception failure)
        {
            metrics.StoreFailed("delete");
            throw new ServiceOverloadedException("store_unavailable", Applied.No, failure);
        }

        _state = RateLimitState.Empty;
        return await CheckAsync(default);
    }

    private async Task LoadAsync()
    {
        try
        {
            _state = await store.LoadAsync(StoreKey).WaitAsync(options.Value.LoadTimeout, time);
        }
#pragma warning disable CA1031 // Whatever failed, the history is unknown, and the policy says what holds then.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            _isUnknown = true;
            metrics.StoreFailed("load");
            LogLoadFailed(failure);
        }
    }

    private async ValueTask<RateLimitDecision> CheckSlowAsync(RateLimitCheck check) => SharesBucket
        ? await ShareBucket().CheckAsync(check)
        : Check(PolicyOf(await tenants.ReadAsync(_key.Tenant)), check);

    /// <summary>The policy's shared bucket answers for this subject, which does not stay in memory.</summary>
    private IRateLimitGrain ShareBucket()
    {
        DeactivateOnIdle();
        return GrainFactory.RateLimit(_key.Overflow);
    }

    private RateLimitDecision Check(SubjectPolicy? policy, in RateLimitCheck check)
    {
        var decision = policy is null ? Decisions.Refused(RateLimitReason.UnknownPolicy) : Decide(policy, check);
        if (check.Cost > 0)
        {
            metrics.Decided(decision, policy?.Policy.Mode ?? EnforcementMode.Enforce);
        }

        return decision;
    }

    private RateLimitDecision Decide(SubjectPolicy policy, in RateLimitCheck check)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(check.Cost);
        if (policy.Listed(check.Address) is var listed and not RateLimitReason.None)
        {
            return Decisions.Listed(listed, policy);
        }

        var now = clock.NowMs;
        var isUnknown = IsUnknownAt(now, policy);
        if (isUnknown && policy.Policy.OnStoreFailure is StoreFailureMode.Deny)
        {
            // The next activation asks the store again.
            DeactivateOnIdle();
            return Decisions.Refused(RateLimitReason.StoreUnavailable);
        }

        var quota = QuotaAt(now);
        (_state, var verdict) = RateLimiter.Acquire(_state, quota, check.Cost, now);
        StayInMemory(policy.Window, now);
        var isShared = _key.Kind is SubjectKind.Overflow;
        return Decisions.From(verdict, policy, cold: now < quota.ColdUntilMs, degraded: isUnknown || isShared);
    }

    private Quota QuotaAt(long nowMs) =>
        _policy!.QuotaAt(nowMs, clock.StartedAt?.ToUnixTimeMilliseconds(), _isUnknown ? _unknownUntilMs : 0);

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

    /// <summary>Counts in memory are cheaper than counts in the store, for as long as a window is short.</summary>
    private void StayInMemory(TimeSpan window, long nowMs)
    {
        if (nowMs < _keepUntilMs)
        {
            return;
        }

        var keep = window < options.Value.IdleMax ? window : options.Value.IdleMax;
        _keepUntilMs = nowMs + (long)(keep.TotalMilliseconds / 2);
        DelayDeactivation(keep + (keep / 2));
    }
}
