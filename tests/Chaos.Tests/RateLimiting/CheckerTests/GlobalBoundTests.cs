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

    private static IReadOnlyList<Violation> Check(int unseenRegions, IEnumerable<LimitCall> calls) =>
        [.. new GlobalBoundChecker(unseenRegions).Check(History<LimitCall>.Of(calls))];
}
