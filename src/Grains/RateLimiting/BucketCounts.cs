using System.Runtime.CompilerServices;

namespace Gatehouse.Grains.RateLimiting;

/// <summary>
/// A ring of sub-bucket counts by bucket number, kept inside the state so that counting allocates nothing. It holds the
/// newest bucket, a full window and the partial oldest one before it, and the rest of a span after it.
/// </summary>
[InlineArray(Length)]
internal struct BucketCounts
{
    public const int Length = SlidingWindow.BucketsPerWindow + SlidingWindow.BucketsPerSpan;

    private int _first;

    // One turn is added because the buckets before the epoch, which are always empty, have negative numbers.
    public static int Slot(long bucket) => (int)((bucket + Length) % Length);

    public static long Oldest(long newest) => newest - SlidingWindow.BucketsPerWindow;

    // What is reserved counts from the last bucket of its span, and that may still be to come.
    public static long Last(long newest) => newest + SlidingWindow.BucketsPerSpan - 1;

    public static long Sum(in BucketCounts counts)
    {
        var sum = 0L;
        foreach (var count in counts)
        {
            sum += count;
        }

        return sum;
    }

    /// <summary>The same counts at a later time: room for the buckets that come, without those that left.</summary>
    public static BucketCounts Advance(BucketCounts counts, long fromNewest, long toNewest)
    {
        var passed = Math.Min(toNewest - fromNewest, Length);
        for (var bucket = toNewest - passed + 1; bucket <= toNewest; bucket++)
        {
            counts[Slot(Last(bucket))] = 0;
        }

        return counts;
    }

    /// <summary>The counts in the buckets of another window, each at the latest time it can have been.</summary>
    public static BucketCounts Rebucket(in BucketCounts from, long fromWindowMs, long toWindowMs, long nowMs)
    {
        var to = default(BucketCounts);
        var fromNewest = SlidingWindow.BucketAt(nowMs, fromWindowMs);
        var oldest = Oldest(SlidingWindow.BucketAt(nowMs, toWindowMs));
        for (var bucket = Oldest(fromNewest); bucket <= Last(fromNewest); bucket++)
        {
            // What was reserved for a time to come may have been used by now, and not later than now.
            var latestMs = Math.Min(SlidingWindow.StartOf(bucket + 1, fromWindowMs) - 1, nowMs);
            var target = SlidingWindow.BucketAt(latestMs, toWindowMs);
            if (target >= oldest)
            {
                to[Slot(target)] += from[Slot(bucket)];
            }
        }

        return to;
    }
}
