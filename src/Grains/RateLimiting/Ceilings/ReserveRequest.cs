namespace Gatehouse.Grains.RateLimiting.Ceilings;

/// <summary>
/// One change of a subject's counts in the store. It may be sent again, byte for byte, until it is answered: the store
/// applies a sequence number of an owner once.
/// </summary>
internal sealed record ReserveRequest
{
    /// <summary>Counts up with every request of this owner.</summary>
    public required long Sequence { get; init; }

    /// <summary>The window that the buckets belong to, in milliseconds.</summary>
    public required long WindowMs { get; init; }

    /// <summary>Counts of this other window are replaced; 0: there should be none.</summary>
    public long Replaces { get; init; }

    /// <summary>Buckets before this one no longer count.</summary>
    public required long Oldest { get; init; }

    /// <summary>
    /// Admissions that the store was not told of until now, by bucket; negative where units were given back.
    /// </summary>
    public required IReadOnlyList<BucketCount> Settled { get; init; }

    /// <summary>The span of the reservation, and all that is reserved in it once this is acknowledged.</summary>
    public required Reservation Reserved { get; init; }

    /// <summary>The reservation that this one takes the place of.</summary>
    public Reservation Released { get; init; }

    /// <summary>Token bucket: the debt that the buckets add to; else none.</summary>
    public OpeningDebt Opening { get; init; }

    /// <summary>What to add to which bucket, each bucket once.</summary>
    public IEnumerable<BucketCount> Changes => Settled
        .Append(new BucketCount(Reserved.Bucket, Reserved.Granted))
        .Append(new BucketCount(Released.Bucket, -Released.Granted))
        .GroupBy(change => change.Bucket, (bucket, changes) => new BucketCount(bucket, changes.Sum(c => c.Count)))
        .Where(change => change.Count != 0);

    /// <summary>
    /// How long the counts matter if nobody comes back to them: until the last reserved bucket has left.
    /// </summary>
    public long TimeToLiveMs => WindowMs + (WindowMs / 3) + 1000;
}

/// <summary>
/// Units that one owner may admit in one span without asking again. They count from the span's last bucket, which is
/// never earlier than they are used.
/// </summary>
internal readonly record struct Reservation(long Span, long Granted)
{
    public long Bucket => (Span * SlidingWindow.BucketsPerSpan) + SlidingWindow.BucketsPerSpan - 1;
}

/// <summary>Units in one sub-bucket.</summary>
internal readonly record struct BucketCount(long Bucket, long Count);

/// <summary>
/// The debt of a token bucket at a time, in token x window milliseconds. The buckets of one window do not tell it: a
/// bucket that is kept full stays in debt, however long ago it became so.
/// </summary>
internal readonly record struct OpeningDebt(long AtMs, long Level, long Peak);

/// <summary>Everybody's counts of a subject, after the request was applied.</summary>
internal sealed record ReserveAnswer
{
    /// <summary>False: the counts belong to another window, and nothing was changed.</summary>
    public required bool IsApplied { get; init; }

    /// <summary>The window of the counts; 0 when there are none.</summary>
    public required long WindowMs { get; init; }

    /// <summary>
    /// The first request of this owner that the store knows of, all since then too; another one after it lost data.
    /// </summary>
    public required long FirstSequence { get; init; }

    /// <summary>Token bucket: the latest debt that any owner told.</summary>
    public OpeningDebt Opening { get; init; }

    /// <summary>The buckets that are not empty.</summary>
    public required IReadOnlyList<BucketCount> Counts { get; init; }
}
