namespace Gatehouse.Grains.Regions;

/// <summary>
/// The store's time as this process knows it: an anchor, and the local monotonic clock for the distance from it. All
/// silos of a region number their buckets by it, so that skewed clocks agree.
/// </summary>
/// <param name="StoreMs">Store time at the anchor, milliseconds since the Unix epoch.</param>
/// <param name="LocalMs">The local monotonic clock at the anchor, in milliseconds.</param>
internal readonly record struct StoreTimeline(long StoreMs, long LocalMs)
{
    // A jump forward would free budget early. Within any window a correction of 1/1000 stays far below the one
    // sub-bucket in 30 that the sliding window counts on top.
    private const long SlewDivisor = 1000;

    /// <summary>
    /// A first measurement: the store read its clock somewhere between question and answer, so the middle is off by
    /// half of that at most.
    /// </summary>
    public static StoreTimeline Measured(long storeMs, long askedMs, long answeredMs) =>
        new(storeMs + ((answeredMs - askedMs) / 2), answeredMs);

    public long At(long localMs) => StoreMs + Math.Max(0, localMs - LocalMs);

    /// <summary>
    /// Moves towards a new measurement, at most 1 ms per second that went by since the last one, and not at all where a
    /// slow answer explains the difference: that would drag the clocks of busy silos apart.
    /// </summary>
    public StoreTimeline Corrected(long measuredStoreMs, long askedMs, long answeredMs)
    {
        var expected = At(answeredMs);
        var slewMax = Math.Max(0, answeredMs - LocalMs) / SlewDivisor;
        var nearest = Math.Clamp(expected, measuredStoreMs, measuredStoreMs + Math.Max(0, answeredMs - askedMs));
        return new StoreTimeline(expected + Math.Clamp(nearest - expected, -slewMax, slewMax), answeredMs);
    }
}
