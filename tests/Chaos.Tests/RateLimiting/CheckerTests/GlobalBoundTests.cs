using Gatehouse.Chaos.Tests.Histories;
using Gatehouse.Chaos.Tests.RateLimiting.Checkers;

namespace Gatehouse.Chaos.Tests.RateLimiting.CheckerTests;

/// <summary>Three regions of 20 each that share 30, and know of each other after at most 100 ms.</summary>
public class GlobalBoundTests
{
    private const int GlobalUnits = 30;
    private static readonly string[] Regions = ["r1", "r2", "r3"];

    [Fact]
    public void Global_WhatNobodyCouldKnowYet_IsAllowedOnTop()
    {
        // 24 in all, then 4 in each region before anyone can know of the others': with 2 others, 8 may be too many.
        LimitCall[] calls = [.. Spread(8, everyMs: 150, fromMs: 0), .. Spread(4, everyMs: 20, fromMs: 2_000)];
        LimitCall[] tooMany = [At(2_500, "r1"), At(2_500, "r2")];

        Assert.Empty(Check(2, [.. calls, .. tooMany]));
        var found = Assert.Single(Check(2, [.. calls, .. tooMany, At(2_500, "r3")]));
        Assert.Equal("global bound", found.Promise);
    }

    [Fact]
    public void Global_WhereNothingIsUnseen_NotAUnitTooManyPasses()
    {
        LimitCall[] calls = [.. Spread(10, everyMs: 100, fromMs: 0)];

        Assert.Empty(Check(0, calls));
        Assert.Single(Check(0, [.. calls, At(1_500, "r2")]));
    }

    [Fact]
    public void Regional_LimitOfOneRegion_StillHolds() => Assert.Equal(
        "admission bound",
        Assert.Single(new AdmissionBoundChecker().Check(History<LimitCall>.Of(
            Enumerable.Range(0, 21).Select(i => At(i, "r1"))))).Promise);

    [Fact]
    public void Refusal_BecauseTheOthersSpentTheRest_IsJustified()
    {
        LimitCall[] spent = [.. Spread(10, everyMs: 100, fromMs: 0)];
        var refused = At(1_500, "r1") with { Outcome = CallOutcome.Refused };

        Assert.Empty(new RefusalChecker().Check(History<LimitCall>.Of([.. spent, refused])));
        Assert.Single(new RefusalChecker().Check(History<LimitCall>.Of([.. spent.Skip(1), refused])));
    }

    [Theory]
    [InlineData(13, 0)]
    [InlineData(12, 1)]
    public void Refusal_BecauseOthersMayUseTheirShareSilently_IsJustifiedFromThatUnitOn(int own, int violations)
    {
        // Thirty units for three regions of twenty: each may use five silently. Here one uses twelve, and one nothing.
        var refused = At(1_500, "r1") with { Outcome = CallOutcome.Refused };
        LimitCall[] calls = [.. Alone("r1", own), .. Alone("r2", 12), refused];

        Assert.Equal(violations, new RefusalChecker().Check(History<LimitCall>.Of(calls.Select(OfThree))).Count());
    }

    [Fact]
    public void CutOff_AllowsTheDifferenceOfTheSharesOnceAndInItsTimeOnly()
    {
        // Its fair share is ten, and the others leave it five.
        var cut = new Fault("cut", TimeSpan.Zero, TimeSpan.FromDays(30_000)) { CutsOff = true, Region = "r3" };
        var spread = Spread(11, everyMs: 100, fromMs: 0);
        LimitCall[] calls = [.. spread.Append(At(1_500, "r1")).Append(At(1_500, "r2")).Select(OfThree)];

        Assert.Empty(Found(cut, calls));
        Assert.Single(Found(cut, [.. calls, OfThree(At(1_600, "r1"))]));
        Assert.Single(Found(cut with { To = TimeSpan.FromSeconds(1) }, calls));

        static IEnumerable<Violation> Found(Fault fault, LimitCall[] calls) =>
            new GlobalBoundChecker(0).Check(History<LimitCall>.Of(calls, [fault]));
    }

    [Fact]
    public void CutOff_ARegionThatMustHaveNoticed_KeepsToItsFairShare()
    {
        LimitCall[] calls = [.. Alone("r3", 11).Select(OfThree)];
        var cut = new Fault("cut", calls[0].Start, calls[^1].End) { CutsOff = true, Region = "r3" };

        // The first of them was admitted before it could notice.
        Assert.Empty(new CutOffBoundChecker().Check(History<LimitCall>.Of(calls, [cut])));
        Assert.Single(new CutOffBoundChecker().Check(History<LimitCall>.Of(
            calls, [cut with { From = cut.From - TimeSpan.FromMilliseconds(100) }])));
        Assert.Empty(new CutOffBoundChecker().Check(History<LimitCall>.Of(
            calls, [cut with { From = TimeSpan.Zero, Region = "r1" }])));
    }

    [Fact]
    public void Global_OfATokenBucket_CountsInASlidingWindow()
    {
        LimitCall[] calls = [.. Spread(10, everyMs: 900, fromMs: 0), At(9_500, "r1")];

        Assert.Single(Check(0, calls.Select(call => call with
        {
            Limit = call.Limit with { Law = new TokenBucketLaw() },
        })));
    }

    [Fact]
    public void Unseen_IsTheMostOfOneRegionInTheTimeThatNobodyKnows()
    {
        var subject = Assert.Single(SubjectHistory.AcrossRegions(History<LimitCall>.Of(
            [At(0, "r1"), At(100, "r1"), At(150, "r1"), At(120, "r2"), At(130, "r3"), At(251, "r1")])));

        Assert.Equal(2, GlobalBoundChecker.UnseenMax(subject));
    }

    private static IEnumerable<LimitCall> Spread(int each, int everyMs, int fromMs) =>
        from i in Enumerable.Range(0, each)
        from region in Regions
        select At(fromMs + (i * everyMs), region);

    private static LimitCall At(int ms, string region)
    {
        var call = BurstTests.Admitted("sliding-window", ms, 0);
        return call with
        {
            Region = region,
            Limit = call.Limit with { GlobalUnits = GlobalUnits, KnowledgeAgeMax = TimeSpan.FromMilliseconds(100) },
        };
    }

    private static IEnumerable<LimitCall> Alone(string region, int units) =>
        Enumerable.Range(0, units).Select(i => At(i * 20, region));

    private static LimitCall OfThree(LimitCall call) => call with { Limit = call.Limit with { Regions = Regions.Length } };

    private static IReadOnlyList<Violation> Check(int unseenRegions, IEnumerable<LimitCall> calls) =>
        [.. new GlobalBoundChecker(unseenRegions).Check(History<LimitCall>.Of(calls))];
}
