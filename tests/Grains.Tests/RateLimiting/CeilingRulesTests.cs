using Gatehouse.Grains.RateLimiting;
using Gatehouse.Grains.RateLimiting.Ceilings;

namespace Gatehouse.Grains.Tests.RateLimiting;

/// <summary>The account of one owner, rule by rule: what it asks for, what it tells, what it counts as covered.</summary>
public class CeilingRulesTests
{
    internal const long Window = 60_000;
    // At the beginning of a window, and so of a span and of a sub-bucket of two seconds.
    internal const long Start = RateLimitGen.Epoch2024Ms;
    internal const long Bucket = Start / 2_000;
    internal const long Span = Bucket / SlidingWindow.BucketsPerSpan;
    private const long Chunk = 4;

    [Theory]
    [InlineData(5, 40, false)]
    [InlineData(6, 40, true)]
    [InlineData(6, 4, true)]
    [InlineData(6, 3, false)]
    [InlineData(9, 0, false)]
    [InlineData(10, 0, true)]
    public void WantsMore_WhenLessThanAChunkIsLeftAndCanStillBeAdmitted_OrSomethingIsToBeTold(
        long admitted, long remaining, bool expected) =>
        Assert.Equal(expected, Reserved(9).Admit(admitted).WantsMore(remaining, Chunk));

    [Fact]
    public void WantsMore_InASpanWithoutAReservation_WaitsForAnAdmission()
    {
        var later = Reserved(9).Admit(3).At(Window, Start + 10_000);

        Assert.Equal(0, later.Ahead);
        Assert.False(later.WantsMore(40, Chunk));
        Assert.True(later.Admit(1).WantsMore(40, Chunk));
    }

    [Fact]
    public void Ahead_IsWhatIsReservedAndNotUsed()
    {
        Assert.Equal(9, Reserved(9).Ahead);
        Assert.Equal(3, Reserved(9).Admit(6).Ahead);
        // What the span before it has used stays known, and is not covered by what comes.
        var later = Reserved(9).Admit(6).At(Window, Start + 12_000);
        Assert.Equal((6L, 0L, 0L), (later.Spent, later.Bare, later.Uncovered));
    }

    [Fact]
    public void Covers_WithoutAReservation_OnlyWhatMayBeBare()
    {
        var bare = Fresh().Admit(2);

        Assert.Equal((0L, 2L, 2L), (bare.Spent, bare.Bare, bare.Uncovered));
        Assert.True(bare.Covers(2, Chunk));
        Assert.False(bare.Covers(3, Chunk));
        // As the one after it, who sums up what was counted.
        Assert.Equal(2, bare.At(Window, Start + 2_000).Bare);
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(11_000)]
    public void Bare_WhereNothingIsReserved_IsAllOfIt_InTheFirstSpansOfTimeToo(long nowMs)
    {
        var bare = default(Ceiling).At(Window, nowMs).Admit(2).At(Window, nowMs + 2_000);

        Assert.Equal((0L, 2L), (bare.Spent, bare.Bare));
    }

    [Fact]
    public void Reserve_TellsWhatTheSpansBeforeHaveAdmitted_AndNothingOfThisOne()
    {
        var first = Reserved(9).Admit(1).At(Window, Start + 2_000).Admit(2).At(Window, Start + 4_000);
        var (next, request) = first.Admit(3).Reserve(8);

        Assert.Empty(request.Settled);
        Assert.Equal(new Reservation(Span, 6 + 8), request.Reserved);
        Assert.Equal(new Reservation(Span, 9), request.Released);
        Assert.Equal((2L, Bucket + 2 - 30, 0L), (request.Sequence, request.Oldest, request.Replaces));
        Assert.Equal(2, next.Sequence);

        (_, request) = first.Admit(3).At(Window, Start + 10_000).Admit(4).Reserve(8);
        Assert.Equal([new(Bucket, 1), new(Bucket + 1, 2), new BucketCount(Bucket + 2, 3)], request.Settled);
        Assert.Equal(new Reservation(Span + 1, 4 + 8), request.Reserved);
    }

    [Fact]
    public void Close_TellsAllOfIt_AndGivesBackWhatIsReserved()
    {
        var (_, request) = Reserved(9).Admit(1).At(Window, Start + 2_000).Admit(2).Close();

        Assert.Equal([new(Bucket, 1), new BucketCount(Bucket + 1, 2)], request.Settled);
        Assert.Equal((0L, 9L), (request.Reserved.Granted, request.Released.Granted));
    }

    [Fact]
    public void IsOpen_WhileTheStoreHasToHearOfSomething()
    {
        Assert.False(Fresh().IsOpen());
        Assert.True(Fresh().Admit(1).IsOpen());
        Assert.True(Fresh().Admit(1).At(Window, Start + 2_000).Admit(1).IsOpen());
        Assert.True(Reserved(9).IsOpen());
        // What was reserved so long ago counts for nobody.
        Assert.False(Reserved(9).At(Window, Start + (2 * Window)).IsOpen());
    }

    [Fact]
    public void Refund_TakesTheOldestUnits_WhoeverAdmittedThem()
    {
        var used = Told((Bucket - 2, 3), (Bucket, 2)).Admit(4);

        var refunded = used.Refund(6);

        Assert.Equal((-3, 1), (refunded.Own[Slot(Bucket - 2)], refunded.Own[Slot(Bucket)]));
        Assert.Equal(3, BucketCounts.Sum(refunded.Counted));
        Assert.Equal(0, BucketCounts.Sum(used.Refund(100).Counted));
        Assert.Equal(9, BucketCounts.Sum(used.Refund(0).Counted));
    }

    [Fact]
    public void Refund_OfWhatOthersReservedForATimeToCome_IsToldAtOnce()
    {
        var last = BucketCounts.Last(Bucket);

        var (_, request) = Told((last, 5)).Refund(2).Reserve(0);

        Assert.Equal(new BucketCount(last, -2), Assert.Single(request.Settled));
    }

    internal static Ceiling Fresh() => default(Ceiling).At(Window, Start);

    /// <summary>With so much reserved and acknowledged, of a store that holds nothing else.</summary>
    internal static Ceiling Reserved(long units)
    {
        var (asking, request) = Fresh().Reserve(units);
        return asking.Apply(request, Answer((request.Reserved.Bucket, units)));
    }

    /// <summary>With nothing reserved, of a store that holds this.</summary>
    internal static Ceiling Told(params (long Bucket, long Count)[] counts)
    {
        var (asking, request) = Fresh().Reserve(0);
        return asking.Apply(request, Answer(counts));
    }

    internal static ReserveAnswer Answer(params (long Bucket, long Count)[] counts) => new()
    {
        IsApplied = true,
        WindowMs = Window,
        FirstSequence = 1,
        Counts = [.. counts.Select(count => new BucketCount(count.Bucket, count.Count))],
    };

    internal static int Slot(long bucket) => BucketCounts.Slot(bucket);
}
