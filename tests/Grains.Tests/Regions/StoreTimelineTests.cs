using Gatehouse.Grains.Regions;

namespace Gatehouse.Grains.Tests.Regions;

/// <summary>The store's time as a silo knows it: set once, as well as the answer allows, and then moved slowly.</summary>
public class StoreTimelineTests
{
    private const long Store = 1_769_860_800_000;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(300, 150)]
    public void Measured_ByASlowAnswer_IsOffByHalfOfItAtMost(long tookMs, long middleMs)
    {
        var timeline = StoreTimeline.Measured(Store, askedMs: 1_000, answeredMs: 1_000 + tookMs);

        Assert.Equal(Store + middleMs, timeline.At(1_000 + tookMs));
        Assert.Equal(Store + middleMs + 5_000, timeline.At(6_000 + tookMs));
    }

    [Theory]
    [InlineData(400, 10)]
    [InlineData(-400, -10)]
    [InlineData(3, 3)]
    public void Corrected_ByAFastAnswer_MovesAMillisecondPerSecondAtMost(long offMs, long movedMs)
    {
        var timeline = new StoreTimeline(Store, 0).Corrected(Store + 10_000 + offMs, askedMs: 10_000, answeredMs: 10_000);

        Assert.Equal(Store + 10_000 + movedMs, timeline.At(10_000));
    }

    [Theory]
    [InlineData(-400, 0)]
    [InlineData(-1, 0)]
    [InlineData(-403, -3)]
    [InlineData(5, 5)]
    public void Corrected_BySlowAnswer_MovesOnlyByWhatTheWaitDoesNotExplain(long offMs, long movedMs)
    {
        var timeline = new StoreTimeline(Store, 0).Corrected(Store + 10_000 + offMs, askedMs: 9_600, answeredMs: 10_000);

        Assert.Equal(Store + 10_000 + movedMs, timeline.At(10_000));
    }
}
