using Gatehouse.Grains.Abstractions.Changes;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.Abstractions.Tenants;
using Gatehouse.Grains.Regions;
using Gatehouse.Grains.SigningKeys.Envelopes;
using Gatehouse.Grains.SigningKeys.Signing;
using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.SigningKeys;

/// <summary>
/// Runs <see cref="KeyRing"/> for one tenant. It keeps nothing: each call reads the ring, and the store compares before
/// it replaces, so that a second activation does no harm.
/// </summary>
[GrainType("key-ring")]
internal sealed partial class KeyRingGrain(
    IKeyRingStore store, KeyForge forge, RevocationWait wait, RegionClock clock, RevokedByConfiguration revoked,
    IChangeAnnouncer changes, IEnumerable<IKeyRingObserver> observers, IOptions<SigningKeysOptions> options,
    SigningKeysMetrics metrics, TimeProvider time, ILogger<KeyRingGrain> logger) : Grain, IKeyRingGrain, IRemindable
{
    private const string Upkeep = "upkeep";
    private const int AttemptsMax = 5;

    private static readonly TimeSpan UpkeepAgainAfter = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ReminderWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ReminderMin = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan UpkeepPeriod = TimeSpan.FromHours(1);

    private IGrainTimer? _upkeep;

    private string Tenant => this.GetPrimaryKeyString();

    private DateTimeOffset Now => clock.Now;

    public async Task<KeyRingSnapshot?> GetAsync(string? knownVersion)
    {
        var ring = await store.ReadAsync(Tenant);
        return ring.VersionWith(Tenant, revoked.Versions) == knownVersion
            ? null
            : ring.Snapshot(Tenant, revoked.Versions);
    }

    public Task<KeyRingChange> EnsureAsync() => ChangeAsync(
        KeyRingOperation.Create, 1, Precondition.Unconditional,
        ring => ring.Epoch > 0 ? (ring, KeyRingOutcome.Done) : KeyRing.Create(ring, NewKey(ring, null), Now));

    public async Task<KeyRingChange> RotateAsync(string? algorithm, Precondition precondition)
    {
        // Before the change: a silo that dies after it must not leave a key that is never promoted.
        await RemindAsync(isPending: true);
        var change = await ChangeAsync(KeyRingOperation.Rotate, 0, precondition, ring => ring.Pending is not null
            ? (ring, KeyRingOutcome.Done)
            : KeyRing.Rotate(ring, NewKey(ring, algorithm), options.Value.PropagationWindow, Now));
        var pending = change.Ring.Versions.FirstOrDefault(version => version.Status is KeyStatus.Pending);
        return change with { Number = pending?.Number ?? change.Ring.Versions.Count };
    }

    public async Task<KeyRingChange> RotateNowAsync(string? algorithm, string reason, Precondition precondition)
    {
        var change = await ChangeAsync(KeyRingOperation.RotateNow, 0, precondition, ring =>
            KeyRing.RotateNow(ring, NewKey(ring, algorithm), reason, Now), revokes: true);
        return change with { Number = change.Ring.Versions.Count };
    }

    public Task<KeyRingChange> PromoteAsync(int number, bool isForced, Precondition precondition) => ChangeAsync(
        KeyRingOperation.Promote, number, precondition,
        ring => IsRevoked(number) ? (ring, KeyRingOutcome.WrongStatus) : KeyRing.Promote(ring, number, isForced, Now));

    public Task<KeyRingChange> RevokeAsync(int number, string reason, Precondition precondition) => ChangeAsync(
        KeyRingOperation.Revoke, number, precondition, ring => KeyRing.Revoke(ring, number, reason, Now),
        revokes: true);

    public Task<KeyRingChange> DestroyAsync(int number, Precondition precondition) => ChangeAsync(
        KeyRingOperation.Destroy, number, precondition, ring => KeyRing.Destroy(ring, number, Now));

    public async Task<KeyRingChange> RewrapAsync()
    {
        var change = await ChangeAsync(KeyRingOperation.Rewrap, 0, Precondition.Unconditional, Rewrap);
        if (change.Outcome is KeyRingOutcome.Done)
        {
            // Only now: until the ring was replaced, it needed the old key.
            await store.WriteKeksAsync(Tenant, (await store.ReadAsync(Tenant)).Keks());
        }

        return change;
    }

    public Task ReceiveReminder(string reminderName, TickStatus status) => KeepUpAsync();

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await base.OnActivateAsync(cancellationToken);
        // Not awaited by the first call, which may need the store as little as it can.
        KeepUpIn(TimeSpan.Zero);
    }

    public Task KeepUpAsync() => TickAsync(CancellationToken.None);

    /// <summary>
    /// Promotes and rotates what is due. Whatever fails is tried again, by the timer and at the next reminder.
    /// </summary>
    private async Task TickAsync(CancellationToken cancellationToken)
    {
        try
        {
            var ring = await store.ReadAsync(Tenant);
            if (KeyRing.IsPromotionDue(ring, Now) && ring.Pending is { } pending && !IsRevoked(pending.Number))
            {
                await ChangeAsync(KeyRingOperation.Promote, pending.Number, Precondition.Unconditional,
                    latest => KeyRing.PromoteDue(latest, Now));
            }
            else if (KeyRing.NeedsRotation(
                ring, options.Value.RotationPeriod, options.Value.RotateCreatedBefore, Now))
            {
                await RotateByItselfAsync();
            }

            var kept = await store.ReadAsync(Tenant);
            PromoteLater(kept);
            await RemindAsync(kept.Pending is not null);
        }
#pragma warning disable CA1031 // Whatever failed: it is counted, said, and tried again.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            metrics.UpkeepFailed();
            LogUpkeepFailed(Tenant, failure.Message);
            KeepUpIn(UpkeepAgainAfter);
        }
    }

    private async Task RotateByItselfAsync()
    {
        if ((await RotateAsync(null, Precondition.Unconditional)).Outcome is var outcome and not KeyRingOutcome.Done)
        {
            metrics.UpkeepFailed();
            LogRotationRefused(Tenant, outcome);
        }
    }

    private bool IsRevoked(int number) => revoked.Versions.Contains(Tenant, number);

    private void PromoteLater(KeyRingState ring)
    {
        if (ring.Pending is { PromoteAt: { } due } pending && !IsRevoked(pending.Number))
        {
            KeepUpIn(due > Now ? due - Now : TimeSpan.Zero);
        }
    }

    /// <summary>One timer, whatever it is for: what is due is found out when it ticks.</summary>
    private void KeepUpIn(TimeSpan wait)
    {
        var due = (wait < UpkeepPeriod ? wait : UpkeepPeriod) + TimeSpan.FromMilliseconds(1);
        if (_upkeep is { } timer)
        {
            timer.Change(due, Timeout.InfiniteTimeSpan);
            return;
        }

        _upkeep = this.RegisterGrainTimer(TickAsync, new GrainTimerCreationOptions
        {
            DueTime = due,
            Period = Timeout.InfiniteTimeSpan,
            KeepAlive = true,
        });
    }

    /// <summary>A timer serves while this grain lives; the reminder is for when its silo does not.</summary>
    private async Task RemindAsync(bool isPending)
    {
        try
        {
            if (isPending)
            {
                await this.RegisterOrUpdateReminder(Upkeep, ReminderMin, ReminderMin).WaitAsync(ReminderWait, time);
            }
            else if (await this.GetReminder(Upkeep).WaitAsync(ReminderWait, time) is { } reminder)
            {
                await this.UnregisterReminder(reminder).WaitAsync(ReminderWait, time);
            }
        }
#pragma warning disable CA1031 // Whatever failed: the ring itself is not concerned, and the timer does the same.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            metrics.UpkeepFailed();
            LogUpkeepFailed(Tenant, failure.Message);
        }
    }

    private NewKey NewKey(KeyRingState ring, string? algorithm)
    {
        SignatureAlgorithm.TryFind(algorithm ?? options.Value.Algorithm, out var found);
        return forge.Make(Tenant, KeyRing.NextNumber(ring), found ?? SignatureAlgorithm.Es256);
    }

    private (KeyRingState Next, KeyRingOutcome Outcome) Rewrap(KeyRingState ring)
    {
        var envelopes = new Dictionary<int, WrappedKey>();
        foreach (var version in ring.Versions.Where(version => !forge.IsCurrent(version)))
        {
            if (forge.Rewrap(Tenant, version) is not { } envelope)
            {
                return (ring, KeyRingOutcome.Unreadable);
            }

            envelopes[version.Number] = envelope;
        }

        return KeyRing.Rewrap(ring, envelopes, Now);
    }
}
