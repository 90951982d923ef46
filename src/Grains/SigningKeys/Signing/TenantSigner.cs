using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Abstractions.SigningKeys;

namespace Gatehouse.Grains.SigningKeys.Signing;

/// <summary>
/// Signs for one tenant on this silo, under a lease that the store gives. The lease counts from before it was asked
/// for, so it ends here before it ends in the store, however long an answer took.
/// </summary>
internal sealed class TenantSigner(string tenant, RingSigners signers) : IDisposable
{
    private const long Never = long.MinValue;

    // A ring that changes faster than it can be read is not worth following.
    private const int AttemptsMax = 5;

    /// <summary>While the store fails, renewing behind the callers' backs is tried no more often than this.</summary>
    private static readonly TimeSpan BehindPause = TimeSpan.FromMilliseconds(250);

    // Of this object, not of the silo: who takes over from it must not answer for what it still does.
    private readonly string _self = Guid.NewGuid().ToString("n");
    private readonly Lock _lock = new();
    private volatile SignerLease? _lease;
    private Task<SignerLease>? _renewal;
    private long _epochSeen;
    private long _behindAt = Never;
    private int _drops;
    private bool _isBehind;
    private bool _isDisposed;

    /// <summary>When it was last used, by the process' own timestamps.</summary>
    public long UsedAt { get; private set; }

    public ValueTask<SignResult> SignAsync(int? number, IReadOnlyList<byte[]> items)
    {
        var now = signers.Now();
        UsedAt = now.Steady;
        if (_lease is not { } lease || !lease.IsGood(now))
        {
            return new ValueTask<SignResult>(SignWaitingAsync(number, items));
        }

        if (lease.IsDue(now))
        {
            RenewBehind(lease);
        }

        return TrySign(lease, number, items) is { } result
            ? ValueTask.FromResult(result)
            : new ValueTask<SignResult>(SignWaitingAsync(number, items));
    }

    /// <summary>
    /// The ring has changed: nothing is signed with the old one from here on, and the store is told so, unless nothing
    /// could have been signed anyway.
    /// </summary>
    /// <param name="version">What the ring is at now; null: nobody knows.</param>
    public void Drop(string? version)
    {
        SignerLease? dropped;
        bool wasGood;
        lock (_lock)
        {
            dropped = _lease;
            if (dropped is not null && version is not null && version == signers.VersionOf(tenant, dropped.Ring))
            {
                return;
            }

            // Also of what is being asked for right now: the answer may be older.
            _drops++;
            wasGood = dropped?.IsGood(signers.Now()) is true;
            dropped?.End();
        }

        // Where nobody knows what changed, all signers are told at once; those that are used renew then.
        if (wasGood && version is not null)
        {
            Volatile.Write(ref _behindAt, Never);
            RenewBehind(dropped!);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _lease?.Dispose();
        }
    }

    /// <summary>
    /// Without the caller. What fails now fails again, and aloud, once somebody has to wait for it.
    /// </summary>
    private void RenewBehind(SignerLease lease)
    {
        var (now, last) = (signers.Time.GetTimestamp(), Volatile.Read(ref _behindAt));
        if (last != Never && signers.Time.GetElapsedTime(last, now) < BehindPause)
        {
            return;
        }

        Volatile.Write(ref _behindAt, now);
        RenewAsync(lease).ContinueWith(
            static failed => failed.Exception, CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    private async Task<SignResult> SignWaitingAsync(int? number, IReadOnlyList<byte[]> items)
    {
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            if (TrySign(await RenewAsync(_lease), number, items) is { } result)
            {
                return result;
            }
        }

        throw new ServiceOverloadedException("key_ring_lease", Applied.No);
    }

    /// <summary>
    /// Signs, and looks again: what was not finished while the lease was good is thrown away. So nothing that leaves
    /// here was begun after the lease had ended, even where this thread was stopped in between.
    /// </summary>
    private SignResult? TrySign(SignerLease lease, int? number, IReadOnlyList<byte[]> items)
    {
        try
        {
            var result = signers.Sign(tenant, lease, number, items);
            return lease.IsGood(signers.Now()) ? result : null;
        }
#pragma warning disable CA1031 // A key that is put away in the middle of it fails in ways of its own.
        catch (Exception) when (lease.IsEnded)
#pragma warning restore CA1031
        {
            return null;
        }
    }

    /// <summary>One renewal at a time; who asks meanwhile waits for the same one.</summary>
    private Task<SignerLease> RenewAsync(SignerLease? known)
    {
        lock (_lock)
        {
            if (_renewal is { IsCompleted: false } running)
            {
                return running;
            }

            // Somebody else has renewed it since the caller looked.
            var now = signers.Now();
            return _lease is { } lease && lease.IsGood(now) && (lease != known || !lease.IsDue(now))
                ? Task.FromResult(lease)
                : _renewal = RenewAsync();
        }
    }

    private async Task<SignerLease> RenewAsync()
    {
        // Off the caller's stack, and so out of the lock it holds.
        await Task.Yield();
        var ring = _lease?.Ring ?? KeyRingState.Empty;
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            var (drops, asked) = (Volatile.Read(ref _drops), signers.Now());
            var answer = await signers.LeaseAsync(tenant, _self, ring);
            ThrowIfBehind(answer.Epoch);
            if (!answer.IsGiven)
            {
                // First the old lease ends, then a lease on the new ring tells the store so.
                _lease?.End();
                ring = answer.Ring ?? await signers.FirstRingAsync(tenant);
            }
            else if (Take(ring, drops, asked) is { } lease)
            {
                return lease;
            }

            // Else a change was announced while the store was asked, and the answer may be older.
        }

        throw new ServiceOverloadedException("key_ring_lease", Applied.No);
    }

    private SignerLease? Take(KeyRingState ring, int drops, LeaseTime asked)
    {
        lock (_lock)
        {
            if (_isDisposed)
            {
                // Whoever asks again gets another one.
                throw new ServiceOverloadedException("key_ring_lease", Applied.No);
            }

            if (drops != _drops)
            {
                return null;
            }

            var before = _lease;
            if (before is null || before.IsEnded || !signers.IsUsable(tenant, before, ring))
            {
                _lease = signers.New(tenant, ring);
                // Ended before its key is put away: who is signing with it throws the result away.
                before?.Dispose();
            }

            _lease!.Extend(asked, signers.LeaseDuration, signers.Time.TimestampFrequency);
            return _lease;
        }
    }

    /// <summary>
    /// The store has lost what it had acknowledged: a key that was revoked may be good again in there.
    /// </summary>
    private void ThrowIfBehind(long epoch)
    {
        if (epoch >= _epochSeen)
        {
            (_epochSeen, _isBehind) = (epoch, false);
            return;
        }

        _lease?.End();
        if (!_isBehind)
        {
            _isBehind = true;
            signers.FellBehind(tenant, _epochSeen, epoch);
        }

        throw new ServiceOverloadedException("key_ring_behind", Applied.No);
    }
}
