using Gatehouse.Grains.RateLimiting;
using Gatehouse.Grains.RateLimiting.Ceilings;
using static Gatehouse.Grains.Tests.RateLimiting.CeilingRulesTests;

namespace Gatehouse.Grains.Tests.RateLimiting;

/// <summary>What an account takes from the store's answers: of a store that forgot, and of counts in another window.</summary>
public class CeilingAnswerTests
{
    [Fact]
    public void Apply_TakesWhatIsReservedOutOfWhatIsUsed()
    {
        var (asking, request) = Fresh().Reserve(9);

        var (reserved, others) = (request.Reserved.Bucket, Bucket - 3);
        var applied = asking.Apply(request, Answer((reserved, 9 + 4), (others, 5)));

        Assert.Equal((4, 5), (applied.Told[Slot(reserved)], applied.Told[Slot(others)]));
        Assert.Equal((9L, Window, 1L), (applied.Reserved.Granted, applied.StoreWindowMs, applied.FirstSequence));
        // A store that lost an earlier reservation took its release from this one.
        Assert.Equal(7, asking.Apply(request, Answer((reserved, 7))).Reserved.Granted);
    }

    [Fact]
    public void Apply_OfAnAnswerThatComesTooLateForItsReservation_LeavesTheBucketInItsPlaceAlone()
    {
        var (asking, request) = Fresh().Reserve(9);
        var later = asking.At(Window, Start + (35 * 2_000) + 8_000);
        var inItsPlace = request.Reserved.Bucket + BucketCounts.Length;

        var applied = later.Apply(request, Answer((inItsPlace, 4)));

        Assert.Equal((0L, 4), (applied.Reserved.Granted, applied.Told[Slot(inItsPlace)]));
    }

    [Fact]
    public void Apply_OfARequestInAnotherWindow_ChangesNothing()
    {
        var (asking, request) = Fresh().Reserve(9);
        var other = asking.At(2 * Window, Start);

        var applied = other.Apply(request, Answer((request.Reserved.Bucket, 9)));

        Assert.Equal((0L, 0L, 0L), (applied.Reserved.Granted, applied.StoreWindowMs, BucketCounts.Sum(applied.Told)));
    }

    [Fact]
    public void Apply_OfMoreThanAnyLimit_CountsAsTheGreatestLimit()
    {
        var told = Told((Bucket - 1, Quota.LimitMax), (Bucket, 10), (Bucket - 31, 5), (Bucket + 7, 3));

        Assert.Equal(Quota.LimitMax, BucketCounts.Sum(told.Told));
        // Of a clock that is ahead: as late as anything counts.
        Assert.Equal(3, Told((Bucket + 7, 3)).Told[Slot(BucketCounts.Last(Bucket))]);
    }

    [Theory]
    [InlineData(1, true, false)]
    [InlineData(2, true, true)]
    [InlineData(2, false, false)]
    public void HasForgotten_WhenTheStoreKnowsALaterRequestAsTheFirst(long first, bool isApplied, bool expected)
    {
        var answer = Answer() with { FirstSequence = first, IsApplied = isApplied };

        Assert.Equal(expected, Reserved(9).HasForgotten(answer));
        // The first answer says from when on.
        Assert.False(Fresh().HasForgotten(answer));
    }

    [Fact]
    public void Apply_OfAStoreThatForgot_TellsAgainWhatItLost()
    {
        var (asking, request) = Told((Bucket - 1, 5), (Bucket, 2)).Reserve(0);

        var applied = asking.Apply(request, Answer((Bucket - 1, 2), (Bucket, 4)) with { FirstSequence = 2 });

        Assert.Equal((2, 3), (applied.Told[Slot(Bucket - 1)], applied.Own[Slot(Bucket - 1)]));
        Assert.Equal((4, 0), (applied.Told[Slot(Bucket)], applied.Own[Slot(Bucket)]));
    }

    // Another owner gave units back.
    [Fact]
    public void Apply_OfFewerUnits_FromAStoreThatForgotNothing_TellsNothingAgain()
    {
        var (asking, request) = Told((Bucket, 5)).Reserve(0);

        var applied = asking.Apply(request, Answer((Bucket, 3)));

        Assert.Equal((3, 0), (applied.Told[Slot(Bucket)], applied.Own[Slot(Bucket)]));
    }

    [Fact]
    public void TakeOver_OfCountsInAnotherWindow_TellsThemAnewInThisOne_InTheirPlace()
    {
        var (asking, request) = Fresh().Admit(1).Reserve(9);

        var taken = asking.Apply(request, InWindow(30_000, (Start / 1_000, 4)));
        Assert.Equal((0L, 4 + 1L, true), (BucketCounts.Sum(taken.Told), BucketCounts.Sum(taken.Own), taken.MayReplace));
        (asking, request) = taken.Reserve(9);

        Assert.Equal(30_000, request.Replaces);
        var applied = asking.Apply(request, Answer((request.Reserved.Bucket, 14)) with { FirstSequence = request.Sequence });
        Assert.Equal(0, applied.Reserve(0).Request.Replaces);
        Assert.False(applied.MayReplace);
    }

    [Fact]
    public void TakeOver_LeavesOutWhatThisOwnerHadReservedThere()
    {
        var changed = Reserved(9).At(2 * Window, Start);
        var (asking, request) = changed.Reserve(0);
        var theirs = InWindow(Window, (Reserved(9).Reserved.Bucket, 9), (Bucket, 5));

        Assert.Equal(5, BucketCounts.Sum(asking.Apply(request, theirs).Own));
        // One that had reserved nothing there counts all of it.
        (asking, request) = default(Ceiling).At(2 * Window, Start).Reserve(0);
        Assert.Equal(14, BucketCounts.Sum(asking.Apply(request, theirs).Own));
    }

    [Fact]
    public void TakeOver_CountsEachUnitAtTheLatestTimeItCanHaveBeen()
    {
        // Sub-buckets of four seconds: the present one ends at Start + 4 s, and the other window's 30 reach from there.
        var (asking, request) = default(Ceiling).At(2 * Window, Start).Reserve(0);
        var newest = Start / 4_000;

        var oldest = asking.Apply(request, InWindow(Window, (Bucket + 1 - 30, 4)));
        Assert.Equal(4, BucketCounts.Sum(oldest.Own));
        var latest = asking.Apply(request, InWindow(Window, (Bucket + 1, 4)));
        Assert.Equal(4, latest.Own[Slot(newest)]);
    }

    [Fact]
    public void Rebucket_KeepsWhatIsReservedForATimeToCome()
    {
        var counts = default(BucketCounts);
        counts[Slot(BucketCounts.Last(Bucket))] = 3;

        Assert.Equal(3, BucketCounts.Sum(BucketCounts.Rebucket(counts, Window, 2 * Window, Start)));
    }

    private static ReserveAnswer InWindow(long windowMs, params (long Bucket, long Count)[] counts) =>
        Answer(counts) with { IsApplied = false, WindowMs = windowMs };
}
