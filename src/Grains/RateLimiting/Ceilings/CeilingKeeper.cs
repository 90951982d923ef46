using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.RateLimiting.Global;
using Gatehouse.Grains.Regions;
using Gatehouse.Grains.Resilience;
using Gatehouse.Grains.Storage;
using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.RateLimiting.Ceilings;

/// <summary>What every subject's keeper needs, once per silo.</summary>
internal sealed record CeilingServices(
    ICeilingStore Store, StoreHealth Health, RegionClock Clock, CeilingMetrics Metrics,
    SubjectDeparture Departure, IOptions<RateLimitingOptions> Options, TimeProvider Time, Standstill Standstill);

/// <summary>
/// Runs <see cref="Ceiling"/> for one subject: sends one request at a time, in the background, and the same one again
/// until it is answered. Lives on its grain's scheduler, so nothing here is locked.
/// </summary>
internal sealed class CeilingKeeper(string key, CeilingServices services)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private string _owner = Convert.ToHexStringLower(Guid.NewGuid().ToByteArray().AsSpan(0, 8));
    private ReserveRequest? _request;
    private Task? _sending;
    private long _failedAt;
    private long _readAfter = -1;
    private Quota _quota;

    public SubjectCounts Counts { get; private set; }

    /// <summary>Whether the stored counts are known, or known not to be readable.</summary>
    public bool IsLoaded { get; private set; }

    /// <summary>
    /// Whether the store is to be read before anything is decided: it never was, or this process stood still since, and
    /// another silo may have had the subject meanwhile.
    /// </summary>
    public bool NeedsLoad => _readAfter != services.Standstill.Count;

    /// <summary>
    /// Whether this process may have been declared dead. Until it knows, a subject here admits nothing that the store
    /// has not acknowledged, whatever the policy says of a store that is away.
    /// </summary>
    public bool IsInDoubt => services.Standstill.IsInDoubt;

    private long NowMs => services.Clock.NowMs;

    private RateLimitingOptions Options => services.Options.Value;

    private bool MayBeCalledElsewhere => services.Departure.HasBegun || IsInDoubt;

    private bool IsWorthTrying => _request is null || !services.Health.IsStalled
        || services.Time.GetElapsedTime(_failedAt) >= RetryDelay;

    /// <summary>Decides one call on what is known now.</summary>
    public (Verdict Verdict, Missing Missing) Acquire(
        in Quota quota, in GlobalRoom room, long cost, long nowMs, bool needsCover)
    {
        _quota = quota;
        long? bareMax = !needsCover ? null : MayBeCalledElsewhere ? 0 : Ceiling.Chunk(quota.Limit);
        (Counts, var verdict, var missing) = Admission.Acquire(Counts, quota, room, cost, nowMs, bareMax);
        if (missing is Missing.None && cost > 0 && _sending is null && !MayBeCalledElsewhere)
        {
            var chunk = Ceiling.Chunk(quota.Limit);
            if (Counts.Ceiling.WantsMore(verdict.Remaining, chunk) && IsWorthTrying)
            {
                Send(2 * chunk);
            }
        }

        return (verdict, missing);
    }

    /// <summary>The account at this time.</summary>
    public Ceiling CeilingAt(long nowMs) =>
        Counts.Ceiling.At(_quota.WindowMs, Math.Max(nowMs, Counts.State.SeenMs));

    public void Refund(in Quota quota, long amount, long nowMs)
    {
        _quota = quota;
        Counts = Admission.Refund(Counts, quota, amount, nowMs);
    }

    /// <summary>
    /// Reads what is stored and reserves for the first call, in one round trip. False when the history stays unknown:
    /// soon while the store is known not to answer, and at once when that was already found out.
    /// </summary>
    public async Task<bool> LoadAsync(Quota quota, long cost)
    {
        var (isFirst, after, isStalled) = (NeedsLoad, services.Standstill.Count, services.Health.IsStalled);
        (_quota, IsLoaded) = (quota, true);
        var ahead = cost == 0 ? 0 : Ahead(cost);
        if (isStalled && !isFirst)
        {
            if (_sending is null && IsWorthTrying)
            {
                Send(ahead);
            }

            return false;
        }

        var isRead = await ReadAsync(ahead, isStalled ? Options.ReservationWait : Options.LoadTimeout);
        if (isRead || !services.Standstill.IsInDoubt)
        {
            _readAfter = after;
        }

        return isRead;
    }

    /// <summary>
    /// Waits a little for the store to acknowledge enough for this cost. False when it does not: at once while the
    /// store is known not to answer.
    /// </summary>
    public async Task<bool> WaitForAsync(long cost)
    {
        if (services.Health.IsStalled)
        {
            if (_sending is null && IsWorthTrying)
            {
                Send(Ahead(cost));
            }

            services.Metrics.Waited("refused");
            return false;
        }

        try
        {
            var limit = Options.ReservationWait;
            await ReserveAsync(Ahead(cost)).WaitAsync(limit, services.Time);
            services.Metrics.Waited(_request is null ? "acknowledged" : "failed");
            return _request is null;
        }
        catch (TimeoutException)
        {
            services.Health.Failed();
            services.Metrics.Waited("timed_out");
            return false;
        }
    }

    /// <summary>
    /// Tells the store every admission and gives back what is reserved, so that a successor finds the exact counts.
    /// </summary>
    public async Task<bool> CloseAsync(CancellationToken cancellationToken)
    {
        await SettledAsync().WaitAsync(cancellationToken);
        // One whose answer was lost may have been applied: as a part of another request it would be applied twice.
        if (_request is { } unanswered && unanswered.WindowMs == _quota.WindowMs)
        {
            await SendAsync(unanswered).WaitAsync(cancellationToken);
            if (_request is not null)
            {
                return false;
            }
        }

        // Twice, when the store's counts are of another window and have to be taken over first.
        for (var attempt = 0; attempt < 3; attempt++)
        {
            if (Admission.Close(Counts, _quota, NowMs) is not var (counts, request))
            {
                return true;
            }

            (Counts, _request) = (counts, request);
            await SendAsync(request).WaitAsync(cancellationToken);
            if (_request is not null)
            {
                return false;
            }
        }

        return Admission.Close(Counts, _quota, NowMs) is null;
    }

    /// <summary>Forgets all use, in the store first: what fails there leaves everything as it was.</summary>
    public async Task ResetAsync()
    {
        await SettledAsync();
        await services.Store.DeleteAsync(key);
        _request = null;
        Counts = new SubjectCounts { Ceiling = new Ceiling { Sequence = Counts.Ceiling.Sequence } };
    }

    public SubjectHandover Dehydrate() => SubjectHandover.From(_owner, _quota, Counts, _request);

    public void Rehydrate(SubjectHandover handover)
    {
        (_owner, _quota, Counts, IsLoaded) = (handover.Owner, handover.ToQuota(), handover.ToCounts(), true);
        (_request, _readAfter) = (handover.ToRequest(), services.Standstill.Count);
    }

    private async Task<bool> ReadAsync(long ahead, TimeSpan limit)
    {
        try
        {
            var confirmed = services.Clock.ConfirmAsync();
            await Task.WhenAll(confirmed, ReserveAsync(ahead)).WaitAsync(limit, services.Time);
            return await confirmed && _request is null;
        }
#pragma warning disable CA1031 // Whatever failed, the history is unknown, and the policy says what holds then.
        catch (Exception)
#pragma warning restore CA1031
        {
            services.Health.Failed();
            return false;
        }
    }

    private long Ahead(long cost) => MayBeCalledElsewhere ? cost : cost + (2 * Ceiling.Chunk(_quota.Limit));

    private Task SettledAsync() => _sending ?? Task.CompletedTask;

    /// <summary>Until this owner is answered, and where that was not enough, until it is answered once more.</summary>
    private async Task ReserveAsync(long ahead)
    {
        for (var attempt = 0; attempt < 3; attempt++)
        {
            if (_sending is { } earlier)
            {
                await earlier;
            }

            if (_sending is null)
            {
                Send(ahead);
            }

            await SettledAsync();
            if (_request is not null || Counts.Ceiling.Covers(ahead, 0))
            {
                return;
            }
        }
    }

    private void Send(long ahead)
    {
        // A request in other buckets cannot be answered any more in a way that helps.
        if (_request is null || _request.WindowMs != _quota.WindowMs)
        {
            (Counts, _request) = Admission.Reserve(Counts, _quota, ahead, NowMs);
        }

        var sending = SendAsync(_request);
        _sending = sending.IsCompleted ? null : sending;
    }

    private async Task SendAsync(ReserveRequest request)
    {
        try
        {
            var answer = await services.Store.ReserveAsync(key, _owner, request);
            services.Metrics.Answered(Counts.Ceiling.HasForgotten(answer) ? "forgotten" : "acknowledged");
            Counts = Admission.Apply(Counts, _quota, request, answer, NowMs);
            (_request, _sending) = (null, null);
            services.Health.Answered();
        }
#pragma warning disable CA1031 // Whatever failed, the same request is sent again; until then what is reserved holds.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            (_sending, _failedAt) = (null, services.Time.GetTimestamp());
            var isUnreadable = failure is InvalidDataException;
            services.Metrics.Answered(isUnreadable ? "unreadable" : "failed");
            // Nor does a full pool say anything about the store: nothing was sent.
            if (!isUnreadable && failure is not ServiceOverloadedException { Reason: StoreGate.Reason })
            {
                services.Health.Failed();
            }
        }
    }
}
