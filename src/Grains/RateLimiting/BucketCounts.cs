using System.Runtime.CompilerServices;

namespace Gatehouse.Grains.RateLimiting;

/// <summary>A ring of sub-bucket counts, kept inside the state so that counting allocates nothing.</summary>
[InlineArray(Length)]
internal struct BucketCounts
{
    // A full window of sub-buckets and the partial oldest one.
    public const int Length = SlidingWindow.BucketsPerWindow + 1;

    private int _first;

    // One turn is added because the buckets before the epoch, which are always empty, have negative numbers.
    public static int Slot(long bucket) => (int)((bucket + Length) % Length);
}
