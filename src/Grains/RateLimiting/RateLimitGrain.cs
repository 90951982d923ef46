using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Changes;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Abstractions.Tenants;
using Gatehouse.Grains.RateLimiting.Ceilings;
using Gatehouse.Grains.RateLimiting.Global;
using Gatehouse.Grains.Regions;
using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.RateLimiting;

/// <summary>
/// Decides for one subject, in memory. The store is waited for once, when the subject comes into memory; after that it
/// is told in the background, ahead of need (<see cref="CeilingKeeper"/>).
/// </summary>
[GrainType("rl")]
internal sealed partial class RateLimitGrain : Grain, IRateLimitGrain, IGrainMigrationParticipant
{
    private const string HandoverKey = "subject";
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    private readonly TenantDirectory _tenants;
    private readonly RegionClock _clock;
    private readonly TrackedSubjects _tracked;
    private readonly SubjectDeparture _departure;
    private readonly RateLimitingMetrics _metrics;
    private readonly RateLimitingOptions _options;
    private readonly TimeProvider _time;
    private readonly GlobalServices _regions;
    private readonly IChangeAnnouncer _changes;
    private readonly ILogger<RateLimitGrain> _logger;
    private readonly CeilingKeeper _counts;
    private readonly RateLimitKey _key;
    private GlobalKeeper? _global;
    private TenantSnapshot? _tenant;
    private SubjectPolicy? _policy;
    private bool _isTracked;
    private bool _isUnknown;
    private long _unknownUntilMs;
    private long _keepUntilMs;

    public RateLimitGrain(TenantDirectory tenants, RegionClock clock, CeilingServices ceilings, GlobalServices regions,
        TrackedSubjects tracked, IChangeAnnouncer changes, RateLimitingMetrics metrics,
        IOptions<RateLimitingOptions> options, TimeProvider time, ILogger<RateLimitGrain> logger)
    {
        if (!RateLimitKey.TryParse(this.GetPrimaryKeyString(), out _key))
        {
            throw new ArgumentException("Not the key of a rate-limit counter.");
        }

        (_tenants, _clock, _tracked, _metrics, _time, _logger) = (tenants, clock, tracked, metrics, time, logger);
        _departure = ceilings.Departure;
        (_options, _regions, _changes) = (options.Value, regions, changes);
        _counts = new CeilingKeeper(this.GetPrimaryKeyString(), ceilings);
    }

    private bool SharesBucket => !_isTracked && _key.Kind is not SubjectKind.Overflow;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _departure.Enter(GrainContext);
        _isTracked = _key.Kind is not SubjectKind.Overflow && _tracked.TryEnter();
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _departure.Leave(GrainContext);
        if (_isTracked)
        {
            _tracked.Leave();
        }

        if (!_counts.IsLoaded)
        {
            return;
        }

        Exception? cause = null;
        try
        {
            if (await _counts.CloseAsync(cancellationToken).WaitAsync(CloseTimeout, _time, cancellationToken))
            {
                return;
            }
        }
#pragma warning disable CA1031 // The activation ends either way; that its counts are not told is counted and logged.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            cause = failure;
        }

        // A silo that stops while the store is away has a quarter of a million of these.
        if (_metrics.SaveFailures.TryTake(out var skipped))
        {
            LogSaveFailed(skipped, cause);
        }

        _metrics.StoreFailed("save");
    }

    public void OnDehydrate(IDehydrationContext dehydrationContext)
    {
        if (_counts.IsLoaded)
        {
            var handover = _counts.Dehydrate() with { UnknownUntilMs = _isUnknown ? _unknownUntilMs : 0 };
            dehydrationContext.TryAddValue(HandoverKey, handover);
        }
    }

    public void OnRehydrate(IRehydrationContext rehydrationContext)
    {
        if (rehydrationContext.TryGetValue<SubjectHandover>(HandoverKey, out var handover) && handover is not null)
        {
            _counts.Rehydrate(handover);
            (_isUnknown, _unknownUntilMs) = (handover.UnknownUntilMs > 0, handover.UnknownUntilMs);
        }
    }

    public ValueTask<RateLimitDecision> CheckAsync(long cost, string? address)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(cost);
        var check = new RateLimitCheck(cost, address);
        if (SharesBucket || !_tenants.TryGet(_key.Tenant, out var tenant) || PolicyOf(tenant) is not { } policy)
        {
            return CheckSlowAsync(check);
        }

        return TryDecide(policy, check, Cover.Needed, out var decision) is Missing.None
            ? ValueTask.FromResult(Counted(decision, check, policy))
            : CheckSlowAsync(check);
    }

    public async ValueTask<RateLimitDecision> RefundAsync(long amount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(amount);
        if (SharesBucket)
        {
            return await ShareBucket().RefundAsync(amount);
        }

        if (PolicyOf(await _tenants.GetAsync(_key.Tenant)) is { } policy)
        {
            if (_counts.NeedsLoad)
            {
                await LoadAsync(policy, cost: 0);
            }

            var now = _clock.NowMs;
            _counts.Refund(QuotaAt(now), amount, now);
            _ = _changes.SubjectChangedAsync(_key);
        }

        return await PeekAsync();
    }

    public async ValueTask<RateLimitDecision> ResetAsync()
    {
        try
        {
            await _counts.ResetAsync();
        }
        catch (Exception failure)
        {
            _metrics.StoreFailed("delete");
            throw failure as ServiceOverloadedException
                ?? new ServiceOverloadedException("store_unavailable", Applied.Unknown, failure);
        }

        await _changes.SubjectChangedAsync(_key);
        return await PeekAsync();
    }

    /// <summary>What is left, after something was done: a failure now does not undo it.</summary>
    private async ValueTask<RateLimitDecision> PeekAsync()
    {
        try
        {
            return await CheckAsync(cost: 0, address: null);
        }
        catch (ServiceOverloadedException overload)
        {
            throw new ServiceOverloadedException(overload.Reason, Applied.Unknown, overload);
        }
    }

    private async ValueTask<RateLimitDecision> CheckSlowAsync(RateLimitCheck check)
    {
        if (SharesBucket)
        {
            return await ShareBucket().CheckAsync(check.Cost, check.Address);
        }

        // The fast path knows the policy; otherwise it may have been created elsewhere a moment ago.
        var known = _tenants.TryGet(_key.Tenant, out var tenant) ? PolicyOf(tenant) : null;
        var policy = known ?? PolicyOf(await _tenants.ReadAsync(_key.Tenant));
        if (policy is null)
        {
            return Counted(Decisions.Refused(RateLimitReason.UnknownPolicy), check, null);
        }

        return Counted(await DecideAsync(policy, check), check, policy);
    }

    private async Task LoadAsync(SubjectPolicy policy, long cost)
    {
        _isUnknown = !await _counts.LoadAsync(QuotaAt(_clock.NowMs), Math.Min(cost, policy.Limit));
        if (!_isUnknown)
        {
            _unknownUntilMs = 0;
        }
        else
        {
            _metrics.StoreFailed("load");
            LogLoadFailed();
        }
    }

    /// <summary>Learns what a decision misses, or does without it as the policy says.</summary>
    private async Task<RateLimitDecision> DecideAsync(SubjectPolicy policy, RateLimitCheck check)
    {
        var cover = Cover.Needed;
        // Each round learns something; a policy that changes meanwhile can make it learn once more.
        for (var round = 0; round < 8; round++)
        {
            switch (TryDecide(policy, check, cover, out var decision))
            {
                case Missing.None:
                    return decision;
                case Missing.Reservation when !await _counts.WaitForAsync(check.Cost):
                    cover = Cover.Unavailable;
                    break;
                case Missing.History:
                    await LoadAsync(policy, check.Cost);
                    if (_counts.NeedsLoad)
                    {
                        // What is here may be another silo's by now, and what that one admitted is not known.
                        return Decisions.Refused(RateLimitReason.StoreUnavailable);
                    }

                    cover = _isUnknown ? Cover.Unavailable : Cover.Needed;
                    break;
                case Missing.OtherRegions:
                    // A refused call leaves the account as it was; what others are told has to be of now.
                    await _global!.WaitAsync(_counts.CeilingAt(_clock.NowMs));
                    break;
            }
        }

        return Decisions.Refused(RateLimitReason.StoreUnavailable);
    }

    /// <summary>The policy's shared bucket answers for this subject, which does not stay in memory.</summary>
    private IRateLimitGrain ShareBucket()
    {
        DeactivateOnIdle();
        return GrainFactory.RateLimit(_key.Overflow);
    }

    private RateLimitDecision Counted(in RateLimitDecision decision, in RateLimitCheck check, SubjectPolicy? policy)
    {
        if (check.Cost > 0)
        {
            _metrics.Decided(decision, policy?.Policy.Mode ?? EnforcementMode.Enforce);
        }

        return decision;
    }
}
