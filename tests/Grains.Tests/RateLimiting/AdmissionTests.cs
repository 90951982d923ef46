using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.RateLimiting;
using Gatehouse.Grains.RateLimiting.Ceilings;
using Gatehouse.Grains.RateLimiting.Global;

namespace Gatehouse.Grains.Tests.RateLimiting;

/// <summary>One call, by what is reserved and by what other regions leave.</summary>
public class AdmissionTests
{
    private const long Start = RateLimitGen.Epoch2024Ms;
    private const long Window = 60_000;

    private static readonly Quota Sliding = new(RateLimitAlgorithm.SlidingWindow, 40, 40, Window, 0);

    [Fact]
    public void Acquire_WithinWhatOtherRegionsLeave_SaysWhatIsLeftAfterIt()
    {
        var (next, verdict, missing) = Acquire(default, new GlobalRoom(10, 25), cost: 20);

        Assert.Equal((true, Missing.None, 5L, false), (verdict.Allowed, missing, verdict.Remaining, verdict.IsGlobal));
        Assert.Equal(5, Acquire(next, new GlobalRoom(10, 25), cost: 0).Verdict.Remaining);
        // Where the region's own limit leaves less, that is what is left.
        Assert.Equal(20, Acquire(next, new GlobalRoom(10, 100), cost: 0).Verdict.Remaining);
    }

    [Fact]
    public void Acquire_BeyondWhatOtherRegionsLeave_IsRefusedUntilItsOwnUseHasFallen()
    {
        var (used, _, _) = Acquire(default, GlobalRoom.Unlimited, cost: 5);

        var (next, verdict, missing) = Acquire(used, new GlobalRoom(3, 5), cost: 1);

        Assert.Equal((false, true, Missing.None), (verdict.Allowed, verdict.IsGlobal, missing));
        // 31 sub-buckets of two seconds: so long does a unit count that came at the beginning of one.
        Assert.Equal((0L, 62_000L), (verdict.Remaining, verdict.RetryAfterMs));
        Assert.Equal(5, BucketCounts.Sum(next.Ceiling.Counted));
        Assert.True(Acquire(used, new GlobalRoom(3, 5), cost: 1, Start + 62_000).Verdict.Allowed);
        Assert.False(Acquire(used, new GlobalRoom(3, 5), cost: 1, Start + 61_999).Verdict.Allowed);
    }

    [Fact]
    public void Acquire_BeyondItsOwnLimit_IsRefusedByThat_AndTimeGoesOn()
    {
        var (used, _, _) = Acquire(default, GlobalRoom.Unlimited, cost: 40);

        var (next, verdict, _) = Acquire(used, new GlobalRoom(3, 5), cost: 1, Start + 1_000);

        Assert.Equal((false, false), (verdict.Allowed, verdict.IsGlobal));
        Assert.Equal(Start + 1_000, next.State.SeenMs);
    }

    // What others leave may be more in a moment: the account is as if nobody had asked.
    [Fact]
    public void Acquire_BeyondWhatOtherRegionsLeave_LeavesTheAccountAsItWas()
    {
        var (used, _, _) = Acquire(default, GlobalRoom.Unlimited, cost: 5);

        Assert.Equal(Start, Acquire(used, new GlobalRoom(3, 5), cost: 1, Start + 1_000).Next.State.SeenMs);
    }

    [Fact]
    public void Acquire_OfAllThatOtherRegionsLeave_WaitsUntilItsOwnUseHasLeft()
    {
        var (used, _, _) = Acquire(default, GlobalRoom.Unlimited, cost: 5);

        Assert.Equal(62_000, Acquire(used, new GlobalRoom(1, 5), cost: 5).Verdict.RetryAfterMs);
    }

    // No fall of its own use would help: others' may, and a span later is soon enough to ask.
    [Fact]
    public void Acquire_OfMoreThanOtherRegionsEverLeave_IsWorthAskingInASpan() =>
        Assert.Equal(10_000, Acquire(default, new GlobalRoom(3, 5), cost: 6).Verdict.RetryAfterMs);

    [Fact]
    public void Acquire_WhereTheOthersAreNotKnown_MissesThem_BeyondWhatIsFree()
    {
        var unknown = new GlobalRoom(5, null);
        var (free, verdict, missing) = Acquire(default, unknown, cost: 5);
        Assert.Equal((true, Missing.None, 35L), (verdict.Allowed, missing, verdict.Remaining));

        (var next, _, missing) = Acquire(free, unknown, cost: 1);

        Assert.Equal(Missing.OtherRegions, missing);
        Assert.Equal(5, BucketCounts.Sum(next.Ceiling.Counted));
        // A peek takes nothing, and so misses nothing.
        Assert.Equal(Missing.None, Acquire(free, unknown, cost: 0).Missing);
    }

    [Fact]
    public void Acquire_OfMoreThanTheStoreKnowsOf_MissesAReservation_AndCountsNothing()
    {
        var (one, _, missing) = Acquire(default, GlobalRoom.Unlimited, cost: 4, bareMax: 4);
        Assert.Equal(Missing.None, missing);

        (var next, _, missing) = Acquire(one, GlobalRoom.Unlimited, cost: 1, bareMax: 4);

        Assert.Equal((Missing.Reservation, 4L), (missing, BucketCounts.Sum(next.Ceiling.Counted)));
        Assert.Equal(Missing.None, Acquire(one, GlobalRoom.Unlimited, cost: 0, bareMax: 0).Missing);
        Assert.Equal(Missing.None, Acquire(one, GlobalRoom.Unlimited, cost: 1, bareMax: null).Missing);
    }

    [Fact]
    public void Close_OfASubjectThatWasNeverCalled_TellsNothing()
    {
        Assert.Null(Admission.Close(default, default, Start));
        Assert.Null(Admission.Close(Acquire(default, GlobalRoom.Unlimited, cost: 0).Next, Sliding, Start));
    }

    [Fact]
    public void Request_SaysForHowLongItMatters_AndWhatToAddToEachBucketOnce()
    {
        var request = new ReserveRequest
        {
            Sequence = 1,
            WindowMs = 30_000,
            Oldest = 0,
            Settled = [new BucketCount(3, 2), new BucketCount(9, 1), new BucketCount(14, 4)],
            Reserved = new Reservation(2, 5),
            Released = new Reservation(1, 1),
        };

        // A window, the rest of the span and of the one after it, and a second.
        Assert.Equal(41_000, request.TimeToLiveMs);
        Assert.Equal((14L, 9L), (request.Reserved.Bucket, request.Released.Bucket));
        Assert.Equal([new BucketCount(3, 2), new BucketCount(14, 9)], request.Changes.OrderBy(change => change.Bucket));
    }

    [Theory]
    [InlineData(100, 0.5, 50)]
    [InlineData(3, 0.5, 1)]
    [InlineData(1, 0.1, 1)]
    [InlineData(100, 1, 100)]
    [InlineData(100, 2, 100)]
    [InlineData(100, -1, 1)]
    public void Cold_IsTheFactorOfTheLimit_AtLeastOneAndAtMostAll(long limit, decimal factor, long cold) =>
        Assert.Equal(cold, Quota.Cold(limit, factor));

    private static (SubjectCounts Next, Verdict Verdict, Missing Missing) Acquire(
        in SubjectCounts counts, in GlobalRoom room, long cost, long nowMs = Start, long? bareMax = null) =>
        Admission.Acquire(counts, Sliding, room, cost, nowMs, bareMax);
}
