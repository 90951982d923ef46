using Gatehouse.Grains.Abstractions.Changes;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Microsoft.Extensions.Options;

namespace Gatehouse.ApiHost.RateLimiting;

/// <summary>What a refusal must be newer than to be remembered: read before the grain is asked.</summary>
/// <param name="Set">Where the subject has its place; null when its refusal must not be kept.</param>
/// <param name="Hash">The hash of the subject's key.</param>
/// <param name="Changes">The changes in that set.</param>
/// <param name="Epoch">What the cache had missed.</param>
/// <param name="SentAt">The time.</param>
internal readonly record struct DenyTicket(DenySet? Set, int Hash, int Changes, long Epoch, long SentAt);

/// <summary>
/// Remembers who was refused, so that a caller who goes on calling costs no grain call. It never refuses what the grain
/// would admit: a refusal ends before its own wait does, and is dropped when the subject's use goes down or its policy
/// changes. What this host may not have heard of, it does not answer for: <see cref="IChangeFeed"/>.
/// </summary>
internal sealed class DenyCache : IChangeObserver
{
    private readonly TimeProvider _time;
    private readonly IChangeFeed _feed;
    private readonly DenyCacheMetrics _metrics;
    private readonly DenySet[] _sets;
    private long _epoch;

    public DenyCache(
        TimeProvider time, IChangeFeed feed, IOptions<DenyCacheOptions> options, DenyCacheMetrics metrics)
    {
        (_time, _feed, _metrics) = (time, feed, metrics);
        var sets = (options.Value.DeniedSubjectsMax + DenySet.Places - 1) / DenySet.Places;
        _sets = Enumerable.Range(0, sets).Select(static _ => new DenySet()).ToArray();
        metrics.ObserveEntries(Count);
    }

    /// <summary>The refusal that answers the call; null when the grain has to be asked.</summary>
    public Denial? Find(in CheckCall call, out DenyTicket ticket)
    {
        ticket = default;
        if (call.Cost == 0 || _sets.Length == 0)
        {
            return null;
        }

        var hash = call.Key.GetHashCode();
        var set = SetOf(hash);
        ticket = new DenyTicket(set, hash, set.Changes, Volatile.Read(ref _epoch), _time.GetTimestamp());
        if (set.Find(hash, call.Key) is not { } denial || call.Cost < denial.Cost
            || !denial.IsUsable(ticket.Epoch, ticket.SentAt) || ticket.SentAt >= _feed.CurrentUntil)
        {
            return null;
        }

        if (!ReferenceEquals(denial.Policy, call.Policy))
        {
            Drop(set, denial);
            return null;
        }

        _metrics.Repeated(denial.Decision);
        return denial;
    }

    /// <summary>Keeps what the grain answered, if it is a refusal that may be repeated.</summary>
    public void Remember(in DenyTicket ticket, in CheckCall call, in RateLimitDecision decision)
    {
        if (ticket.Set is not { } set || DenyRules.RepeatableFor(call, decision) is not { Ticks: > 0 } time)
        {
            return;
        }

        var now = _time.GetTimestamp();
        var endsAt = ticket.SentAt + (long)(time.TotalSeconds * _time.TimestampFrequency);
        if (endsAt > now)
        {
            var denial = new Denial(call, decision, ticket, now, endsAt, _time);
            if (set.Put(denial, ticket.Changes, now) is { } gone && gone.IsUsable(Volatile.Read(ref _epoch), now))
            {
                _metrics.Dropped(DenyDropCause.Evicted);
            }
        }
    }

    /// <summary>Forgets a subject whose use went down, and whatever was asked about it before.</summary>
    public void Forget(in RateLimitKey key, DenyDropCause cause)
    {
        if (_sets.Length == 0)
        {
            return;
        }

        var hash = key.GetHashCode();
        if (SetOf(hash).Forget(hash, key))
        {
            _metrics.Dropped(cause);
        }
    }

    /// <inheritdoc/>
    public void SubjectChanged(in RateLimitKey key) => Forget(key, DenyDropCause.Announced);

    /// <inheritdoc/>
    public void TenantChanged(string tenant, string version)
    {
        // Found when the policy is looked up: a refusal holds for the very policy that it was decided by.
    }

    /// <inheritdoc/>
    public void ChangesMissed() => Interlocked.Increment(ref _epoch);

    private DenySet SetOf(int hash) => _sets[(int)(((ulong)(uint)hash * (ulong)_sets.Length) >> 32)];

    private void Drop(DenySet set, Denial denial)
    {
        if (set.Drop(denial))
        {
            _metrics.Dropped(DenyDropCause.Policy);
        }
    }

    private int Count()
    {
        var (epoch, now) = (Volatile.Read(ref _epoch), _time.GetTimestamp());
        return _sets.Sum(set => set.Count(epoch, now));
    }
}
