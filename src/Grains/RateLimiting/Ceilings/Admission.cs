using Gatehouse.Grains.RateLimiting.Global;

namespace Gatehouse.Grains.RateLimiting.Ceilings;

/// <summary>All that one activation knows of its subject.</summary>
internal readonly struct SubjectCounts
{
    public RateLimitState State { get; init; }

    public Ceiling Ceiling { get; init; }

    public OpeningDebt Opening { get; init; }
}

/// <summary>What has to be learned before a call can be admitted.</summary>
internal enum Missing
{
    None = 0,

    /// <summary>The store has not acknowledged enough.</summary>
    Reservation = 1,

    /// <summary>What was used before could not be read.</summary>
    History = 3,

    /// <summary>What the other regions used is not known, or too long ago.</summary>
    OtherRegions = 2,
}

/// <summary>
/// Decides one call: by the subject's own state first, then by what is reserved for it, then by what the other regions
/// leave. A call that misses something is not counted.
/// </summary>
internal static class Admission
{
    /// <param name="counts">What is known of the subject.</param>
    /// <param name="quota">Its limit.</param>
    /// <param name="room">What the other regions leave.</param>
    /// <param name="cost">Units of the call; 0 is a peek.</param>
    /// <param name="nowMs">The region's time.</param>
    /// <param name="bareMax">How many units may be admitted that the store does not know of; null: any number.</param>
    public static (SubjectCounts Next, Verdict Verdict, Missing Missing) Acquire(
        in SubjectCounts counts, in Quota quota, in GlobalRoom room, long cost, long nowMs, long? bareMax)
    {
        var (state, verdict) = RateLimiter.Acquire(counts.State, quota, cost, nowMs);
        var ceiling = counts.Ceiling.At(quota.WindowMs, state.SeenMs);
        var debt = RateLimiter.OpeningAt(counts.State, quota, counts.Opening, nowMs);
        var next = new SubjectCounts { State = state, Ceiling = ceiling, Opening = debt };
        if (room.IsLimited && verdict.Allowed)
        {
            verdict = WithRoom(verdict, ceiling, room, cost, state.SeenMs, out var isUnknown);
            if (isUnknown && cost > 0)
            {
                return (counts, verdict, Missing.OtherRegions);
            }
        }

        if (!verdict.Allowed || cost == 0)
        {
            // Nothing was admitted, so the state before the attempt is the state after it, at a later time.
            return (verdict.IsGlobal ? counts : next, verdict, Missing.None);
        }

        if (bareMax is { } max && !ceiling.Covers(cost, max))
        {
            return (counts, verdict, Missing.Reservation);
        }

        next = new SubjectCounts { State = state, Ceiling = ceiling.Admit(cost), Opening = debt };
        return (next, verdict, Missing.None);
    }

    public static SubjectCounts Refund(in SubjectCounts counts, in Quota quota, long amount, long nowMs)
    {
        var state = RateLimiter.Refund(counts.State, quota, amount, nowMs);
        return new SubjectCounts
        {
            State = state,
            Ceiling = counts.Ceiling.At(quota.WindowMs, state.SeenMs).Refund(amount),
            Opening = RateLimiter.OpeningAt(counts.State, quota, counts.Opening, nowMs),
        };
    }

    /// <summary>Takes in what the store answered.</summary>
    public static SubjectCounts Apply(
        in SubjectCounts counts, in Quota quota, ReserveRequest request, ReserveAnswer answer, long nowMs)
    {
        var (seenMs, isFirst) = (Math.Max(nowMs, counts.State.SeenMs), counts.State.SeenMs == 0);
        var before = At(counts, quota.WindowMs, nowMs);
        var after = before.Apply(request, answer);
        if (isFirst)
        {
            var told = InWindow(answer.Opening, answer.WindowMs, quota.WindowMs, nowMs);
            return new SubjectCounts
            {
                State = RateLimiter.Restore(quota, after.Counted, told, nowMs),
                Ceiling = after,
                Opening = RateLimiter.OpeningOf(quota, after.Counted, told, nowMs),
            };
        }

        return new SubjectCounts
        {
            State = RateLimiter.Recount(counts.State, quota, before.Counted, after.Counted, seenMs),
            Ceiling = after,
            Opening = RateLimiter.OpeningAt(counts.State, quota, counts.Opening, nowMs),
        };
    }

    /// <summary>Asks for so much in the current span.</summary>
    public static (SubjectCounts Next, ReserveRequest Request) Reserve(
        in SubjectCounts counts, in Quota quota, long ahead, long nowMs)
    {
        var (ceiling, request) = At(counts, quota.WindowMs, nowMs).Reserve(ahead);
        return Asking(counts, ceiling, request);
    }

    /// <summary>Gives the reservation back and tells every admission; null when there is nothing to tell.</summary>
    public static (SubjectCounts Next, ReserveRequest Request)? Close(
        in SubjectCounts counts, in Quota quota, long nowMs)
    {
        if (quota.WindowMs == 0)
        {
            // The subject was never called.
            return null;
        }

        var current = At(counts, quota.WindowMs, nowMs);
        if (!current.IsOpen())
        {
            return null;
        }

        var (ceiling, request) = current.Close();
        // Told by their own buckets, units leave earlier than by the span's last: the debt has to be of now.
        var opening = RateLimiter.OpeningAt(counts.State, quota, counts.Opening, nowMs);
        return Asking(new SubjectCounts { State = counts.State, Opening = opening }, ceiling, request);
    }

    private static (SubjectCounts, ReserveRequest) Asking(
        in SubjectCounts counts, in Ceiling ceiling, ReserveRequest request) => (
            new SubjectCounts { State = counts.State, Ceiling = ceiling, Opening = counts.Opening },
            request with { Opening = counts.Opening });

    private static Ceiling At(in SubjectCounts counts, long windowMs, long nowMs) =>
        counts.Ceiling.At(windowMs, Math.Max(nowMs, counts.State.SeenMs));

    // Counted in another window, nothing tells how much of a debt has drained.
    private static OpeningDebt InWindow(OpeningDebt debt, long fromMs, long toMs, long nowMs) =>
        debt.AtMs == 0 || fromMs == toMs
            ? debt
            : new OpeningDebt(nowMs, (debt.Level + fromMs - 1) / fromMs * toMs, debt.Peak);

    /// <summary>The global limit counts in a sliding window, whatever the algorithm of the policy.</summary>
    private static Verdict WithRoom(
        in Verdict verdict, in Ceiling ceiling, in GlobalRoom room, long cost, long seenMs, out bool isUnknown)
    {
        var (used, asked) = (BucketCounts.Sum(ceiling.Counted), Math.Max(1, cost));
        var left = Math.Max(0, room.Units - used);
        isUnknown = asked > left && room.Known is null;
        if (asked <= left || isUnknown)
        {
            // What is left is what is left after it, as of the region's own limit.
            return room.Known is null ? verdict : verdict with { Remaining = Math.Min(verdict.Remaining, left - cost) };
        }

        return verdict with
        {
            Allowed = false,
            IsGlobal = true,
            Remaining = Math.Min(verdict.Remaining, left),
            RetryAfterMs = RetryAfterMs(ceiling, room.Units - asked, seenMs),
        };
    }

    /// <summary>
    /// When this region's own use has fallen enough, should the others' stay as it is. Where that is never, it is worth
    /// asking again when a span has passed.
    /// </summary>
    private static long RetryAfterMs(in Ceiling ceiling, long level, long seenMs)
    {
        var spanMs = Math.Max(1, ceiling.WindowMs * SlidingWindow.BucketsPerSpan / SlidingWindow.BucketsPerWindow);
        var counted = new RateLimitState
        {
            WindowMs = ceiling.WindowMs,
            SeenMs = seenMs,
            Buckets = ceiling.Counted,
        };
        return level < 0 ? spanMs : Math.Max(1, SlidingWindow.FallsToMs(counted, level, level) - seenMs);
    }
}
