namespace Gatehouse.Grains.RateLimiting.Ceilings;

/// <summary>
/// One owner's account with the store: what the store said that is used, what it was not told yet, and what is reserved
/// in it. An owner admits only what is reserved and one chunk more, so a crash loses at most a chunk of the counts.
/// </summary>
internal readonly partial struct Ceiling
{
    public long WindowMs { get; init; }

    // The bucket of the latest time seen.
    public long Newest { get; init; }

    // The window of the store's counts, and so of the reservation; 0: not known to hold any.
    public long StoreWindowMs { get; init; }

    // The store's counts of another window were taken over: the next request may replace them.
    public bool MayReplace { get; init; }

    // The store's counts of everybody, without what this owner has reserved.
    public BucketCounts Told { get; init; }

    // Admitted here and not yet told; negative where units were given back that the store still counts.
    public BucketCounts Own { get; init; }

    public Reservation Reserved { get; init; }

    // Of Own: what lies in the span of the reservation, and what does not.
    public long Spent { get; init; }

    public long Bare { get; init; }

    // Of the last request.
    public long Sequence { get; init; }

    // The first request that the store knew of when it last answered; 0: it has not answered yet.
    public long FirstSequence { get; init; }

    public long Span => Newest / SlidingWindow.BucketsPerSpan;

    public long Ahead => IsReserved ? Reserved.Granted - Spent : 0;

    // More was admitted than the store knows to be used or reserved.
    public long Uncovered => Bare + Math.Max(0, Spent - Reserved.Granted);

    private bool IsReserved => StoreWindowMs == WindowMs && Span == Reserved.Span;

    public static long Chunk(long limit) => Math.Max(1, limit / 10);

    /// <summary>Units in use by everybody, as far as it is known here.</summary>
    public BucketCounts Counted => Sum(Told, Own);

    /// <summary>The account at a later time, in the buckets of this window.</summary>
    public Ceiling At(long windowMs, long nowMs)
    {
        var newest = SlidingWindow.BucketAt(nowMs, windowMs);
        if (windowMs != WindowMs)
        {
            return InWindow(windowMs, newest, nowMs);
        }

        return newest <= Newest ? this : Summed(this with
        {
            Newest = newest,
            Told = BucketCounts.Advance(Told, Newest, newest),
            Own = BucketCounts.Advance(Own, Newest, newest),
        });
    }

    /// <summary>Whether so much can be admitted with at most that many units that the store does not know of.</summary>
    public bool Covers(long cost, long bareMax) => IsReserved
        ? Bare + Math.Max(0, Spent + cost - Reserved.Granted) <= bareMax
        : Uncovered + cost <= bareMax;

    /// <summary>
    /// Whether it is time to ask the store: there is something to tell, or less than a chunk is left where more than
    /// that can still be admitted.
    /// </summary>
    public bool WantsMore(long remaining, long chunk) =>
        Uncovered > 0 || (IsReserved && Ahead < chunk && Ahead < remaining);

    /// <summary>Counts an admission at the latest time.</summary>
    public Ceiling Admit(long cost)
    {
        var own = Own;
        own[BucketCounts.Slot(Newest)] += (int)cost;
        return IsReserved
            ? this with { Own = own, Spent = Spent + cost }
            : this with { Own = own, Bare = Bare + cost };
    }

    /// <summary>Gives units back, the oldest first, whoever admitted them.</summary>
    public Ceiling Refund(long amount)
    {
        var own = Own;
        for (var bucket = BucketCounts.Oldest(Newest); bucket <= BucketCounts.Last(Newest) && amount > 0; bucket++)
        {
            var slot = BucketCounts.Slot(bucket);
            var taken = Math.Clamp(Told[slot] + own[slot], 0, amount);
            own[slot] -= (int)taken;
            amount -= taken;
        }

        return Summed(this with { Own = own });
    }

    /// <summary>Asks for so much in the current span, and tells what the spans before it have admitted.</summary>
    public (Ceiling Next, ReserveRequest Request) Reserve(long ahead) =>
        Ask(new Reservation(Span, Math.Max(0, OwnIn(Span)) + ahead), tellUntil: Span * SlidingWindow.BucketsPerSpan);

    /// <summary>Gives the reservation back and tells every admission, for a successor to find.</summary>
    public (Ceiling Next, ReserveRequest Request) Close() => Ask(new Reservation(Span, 0), tellUntil: Newest + 1);

    /// <summary>Whether the store has to hear of anything before this owner ends.</summary>
    public bool IsOpen()
    {
        var hasOwn = false;
        foreach (var count in Own)
        {
            hasOwn |= count != 0;
        }

        return hasOwn || (Reserved.Granted > 0 && IsAlive(Reserved.Bucket));
    }

    private (Ceiling Next, ReserveRequest Request) Ask(Reservation reserved, long tellUntil)
    {
        var settled = new List<BucketCount>();
        for (var bucket = BucketCounts.Oldest(Newest); bucket <= BucketCounts.Last(Newest); bucket++)
        {
            // A refund can take from a bucket to come; that is told at once.
            if (Own[BucketCounts.Slot(bucket)] is not 0 and var count && (bucket < tellUntil || bucket > Newest))
            {
                settled.Add(new BucketCount(bucket, count));
            }
        }

        var request = new ReserveRequest
        {
            Sequence = Sequence + 1,
            WindowMs = WindowMs,
            Replaces = MayReplace ? StoreWindowMs : 0,
            Oldest = BucketCounts.Oldest(Newest),
            Settled = settled,
            Reserved = reserved,
            Released = Reserved,
        };
        return (this with { Sequence = request.Sequence }, request);
    }

    private long OwnIn(long span)
    {
        var sum = 0L;
        var first = span * SlidingWindow.BucketsPerSpan;
        for (var bucket = first; bucket <= Newest; bucket++)
        {
            sum += Own[BucketCounts.Slot(bucket)];
        }

        return sum;
    }

    private Ceiling InWindow(long windowMs, long newest, long nowMs)
    {
        var blank = new Ceiling
        {
            WindowMs = windowMs,
            Newest = newest,
            Sequence = Sequence,
            FirstSequence = FirstSequence,
        };
        if (WindowMs == 0)
        {
            return blank;
        }

        // What is reserved stays in the store's own buckets until the store says what else is in them.
        var current = At(WindowMs, nowMs);
        return Summed(blank with
        {
            Told = BucketCounts.Rebucket(current.Told, WindowMs, windowMs, nowMs),
            Own = BucketCounts.Rebucket(current.Own, WindowMs, windowMs, nowMs),
            Reserved = Reserved,
            StoreWindowMs = StoreWindowMs,
        });
    }

    private static BucketCounts Sum(BucketCounts counts, in BucketCounts others)
    {
        for (var slot = 0; slot < BucketCounts.Length; slot++)
        {
            counts[slot] += others[slot];
        }

        return counts;
    }

    internal static Ceiling Summed(in Ceiling ceiling)
    {
        var reserved = ceiling.StoreWindowMs == ceiling.WindowMs ? ceiling.Reserved.Span : -1;
        var (spent, bare) = (0L, 0L);
        var first = BucketCounts.Oldest(ceiling.Newest) / SlidingWindow.BucketsPerSpan;
        for (var span = first; span <= ceiling.Span; span++)
        {
            var sum = 0L;
            var start = Math.Max(span * SlidingWindow.BucketsPerSpan, BucketCounts.Oldest(ceiling.Newest));
            var end = Math.Min((span + 1) * SlidingWindow.BucketsPerSpan, ceiling.Newest + 1);
            for (var bucket = start; bucket < end; bucket++)
            {
                sum += ceiling.Own[BucketCounts.Slot(bucket)];
            }

            spent = span == reserved ? sum : spent;
            bare += span == reserved ? 0 : Math.Max(0, sum);
        }

        return ceiling with { Spent = spent, Bare = bare };
    }
}
