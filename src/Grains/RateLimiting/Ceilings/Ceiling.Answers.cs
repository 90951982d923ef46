namespace Gatehouse.Grains.RateLimiting.Ceilings;

/// <summary>What the account learns from the store.</summary>
internal readonly partial struct Ceiling
{
    /// <summary>Takes in the answer to a request that this owner sent.</summary>
    public Ceiling Apply(ReserveRequest request, ReserveAnswer answer)
    {
        if (request.WindowMs != WindowMs)
        {
            // The policy has another window by now: everything is told anew, and a little of it twice.
            return this;
        }

        if (!answer.IsApplied)
        {
            return TakeOver(answer);
        }

        var (told, own) = (Ring(answer.Counts, Newest), Own);
        // A store that lost the earlier reservation took its release from this one.
        var reservedSlot = BucketCounts.Slot(request.Reserved.Bucket);
        var granted = IsAlive(request.Reserved.Bucket) ? Math.Min(told[reservedSlot], request.Reserved.Granted) : 0;
        told[reservedSlot] -= (int)granted;

        var expected = Told;
        foreach (var (bucket, count) in request.Settled)
        {
            var settled = IsAlive(bucket) ? (int)count : 0;
            own[BucketCounts.Slot(bucket)] -= settled;
            expected[BucketCounts.Slot(bucket)] += settled;
        }

        return Summed(this with
        {
            Told = told,
            Own = HasForgotten(answer) ? WithLost(own, expected, told) : own,
            Reserved = request.Reserved with { Granted = granted },
            StoreWindowMs = WindowMs,
            MayReplace = false,
            FirstSequence = answer.FirstSequence,
        });
    }

    /// <summary>
    /// Whether the store lost what it had acknowledged: all of it, or, where a replica took over, the last of it.
    /// </summary>
    public bool HasForgotten(ReserveAnswer answer) =>
        answer.IsApplied && FirstSequence != 0 && answer.FirstSequence != FirstSequence;

    private static BucketCounts Ring(IReadOnlyList<BucketCount> counts, long newest)
    {
        var (ring, room) = (default(BucketCounts), Quota.LimitMax);
        foreach (var (bucket, count) in counts)
        {
            if (bucket >= BucketCounts.Oldest(newest))
            {
                // Above every limit it does not matter by how much.
                var taken = Math.Clamp(count, 0, room);
                ring[BucketCounts.Slot(Math.Min(bucket, BucketCounts.Last(newest)))] += (int)taken;
                room -= taken;
            }
        }

        return ring;
    }

    /// <summary>The store went back to an earlier state: what it has lost is told again.</summary>
    private static BucketCounts WithLost(BucketCounts own, in BucketCounts expected, in BucketCounts told)
    {
        for (var slot = 0; slot < BucketCounts.Length; slot++)
        {
            own[slot] += Math.Max(0, expected[slot] - told[slot]);
        }

        return own;
    }

    private bool IsAlive(long bucket) => bucket >= BucketCounts.Oldest(Newest) && bucket <= BucketCounts.Last(Newest);

    /// <summary>
    /// The store's counts belong to another window. They are told again in the buckets of this one, in its place.
    /// </summary>
    private Ceiling TakeOver(ReserveAnswer answer)
    {
        var nowMs = SlidingWindow.StartOf(Newest + 1, WindowMs) - 1;
        var counts = Ring(answer.Counts, SlidingWindow.BucketAt(nowMs, answer.WindowMs));
        if (StoreWindowMs == answer.WindowMs)
        {
            ref var reserved = ref counts[BucketCounts.Slot(Reserved.Bucket)];
            reserved = (int)Math.Max(0, reserved - Reserved.Granted);
        }

        counts = BucketCounts.Rebucket(counts, answer.WindowMs, WindowMs, nowMs);
        return Summed(this with
        {
            Told = default,
            Own = Sum(counts, Own),
            Reserved = default,
            StoreWindowMs = answer.WindowMs,
            MayReplace = true,
        });
    }
}
