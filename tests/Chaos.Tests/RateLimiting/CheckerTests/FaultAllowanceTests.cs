using Gatehouse.Chaos.Tests.Histories;
using Gatehouse.Chaos.Tests.RateLimiting.Checkers;
using static Gatehouse.Chaos.Tests.RateLimiting.CheckerTests.BurstTests;

namespace Gatehouse.Chaos.Tests.RateLimiting.CheckerTests;

/// <summary>A fault allows what is published of it, where it happened, and not a unit or a moment more.</summary>
public class FaultAllowanceTests
{
    private const string Sliding = "sliding-window";
    // A tenth of the limit of these histories.
    private const int Chunk = 2;

    public static TheoryData<string> Laws => BurstTests.Laws;

    [Theory]
    [MemberData(nameof(Laws))]
    public void Over_OneChunkInAnIntervalThatHoldsTheCrash_IsAllowedAndNotAUnitMore(string law)
    {
        var crash = new Fault("crash", At(20), At(21)) { ChunksOver = 1 };
        LimitCall[] chunkMore = [.. Burst(law), Admitted(law, 22, 0) with { Cost = Chunk }];

        Assert.Empty(Check(new AdmissionBoundChecker(), [crash], chunkMore));
        Assert.Single(Check(new AdmissionBoundChecker(), [crash], [.. chunkMore, Admitted(law, 23, 0)]));
        Assert.Empty(Check(new AdmissionBoundChecker(), [crash, crash], [.. chunkMore, Admitted(law, 23, 0)]));
    }

    [Theory]
    [MemberData(nameof(Laws))]
    public void Over_TheCrashOutsideTheInterval_AllowsNothing(string law)
    {
        LimitCall[] chunkMore = [.. Burst(law), Admitted(law, 22, 0) with { Cost = Chunk }];

        Assert.Single(Check(new AdmissionBoundChecker(), [Crash(-2, 0)], chunkMore));
        Assert.Single(Check(new AdmissionBoundChecker(), [Crash(23, 24)], chunkMore));
    }

    [Theory]
    [MemberData(nameof(Laws))]
    public void Under_TwoChunksAfterACrash_JustifyARefusalAndNotAUnitMore(string law)
    {
        var crash = Crash(10, 11);

        Assert.Empty(Check(new RefusalChecker(), [crash], [.. Burst(law)[..16], Refused(law, 21)]));
        Assert.Single(Check(new RefusalChecker(), [crash], [.. Burst(law)[..15], Refused(law, 21)]));
        Assert.Single(Check(new RefusalChecker(), [], [.. Burst(law)[..16], Refused(law, 21)]));
        Assert.Single(Check(new RefusalChecker(), [Crash(22, 23)], [.. Burst(law)[..16], Refused(law, 21)]));
    }

    [Theory]
    [InlineData(12_020, true)]
    [InlineData(12_021, false)]
    public void Under_WhatMovedStays_AsLongAsAReservation(int afterMs, bool isExplained)
    {
        // A window and a thirtieth, and the span of a sixth: 10 000 + 333.3 + 1 666.6 ms after the last of the burst.
        LimitCall[] calls = [.. Burst(Sliding), Refused(Sliding, afterMs) with { Cost = 20 }];
        var moved = new Fault("moved", At(30), At(31)) { Moves = true };

        Assert.Equal(isExplained, Check(new RefusalChecker(), [moved], calls).Count == 0);
        Assert.Single(Check(new RefusalChecker(), [], calls));
    }

    [Fact]
    public void OwnHistory_AfterACrash_MayMissAChunkOrCountTwoTooMany()
    {
        LimitCall[] before = Burst(Sliding)[..10];

        Assert.Empty(OwnHistory(before, remaining: 9 + Chunk));
        Assert.Single(OwnHistory(before, remaining: 9 + Chunk + 1));
        Assert.Empty(OwnHistory(before, remaining: 9 - (2 * Chunk)));
        Assert.Single(OwnHistory(before, remaining: 9 - (2 * Chunk) - 1));

        static IReadOnlyList<Violation> OwnHistory(LimitCall[] before, int remaining) =>
            Check(new OwnHistoryChecker(), [Crash(12, 13)], [.. before, Admitted(Sliding, 21, remaining)]);
    }

    [Fact]
    public void OwnHistory_BesideAZombie_MayLackWhatTheOtherAdmittedMeanwhileAndNothingElse()
    {
        LimitCall[] before = Burst(Sliding)[..10];

        Assert.Empty(OwnHistory(At(0), remaining: 19));
        Assert.Single(OwnHistory(At(0), remaining: 20));
        // Those from before it was back are known to both.
        Assert.Single(OwnHistory(At(12), remaining: 10));

        IReadOnlyList<Violation> OwnHistory(TimeSpan from, int remaining) => Check(
            new OwnHistoryChecker(), [new Fault("zombie", from, At(13)) { Revives = true }],
            [.. before, Admitted(Sliding, 21, remaining)]);
    }

    [Theory]
    [InlineData(CallOutcome.Overloaded)]
    [InlineData(CallOutcome.Unknown)]
    public void Lost_AnswersUntilRecovered_AreExplainedAndNotAMomentLonger(object outcome)
    {
        var crash = Crash(10, 20) with { RecoveryMax = TimeSpan.FromMilliseconds(100) };
        Assert.Equal(0, ViolationsAt(10));
        Assert.Equal(0, ViolationsAt(120));
        Assert.Equal(1, ViolationsAt(121));
        Assert.Equal(1, ViolationsAt(9));

        int ViolationsAt(int ms) => Check(
            new AnswerChecker(), [crash], [Admitted(Sliding, ms, 0) with { Outcome = (CallOutcome)outcome }]).Count;
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Degraded_AnswersWithoutTheStore_AreExplainedForTheTimeThatHistoryCounts(bool degraded, bool cold)
    {
        var gone = new Fault("store gone", At(10), At(20)) { HidesTheStore = true };
        Assert.Equal(0, ViolationsAt(gone, 10));
        Assert.Equal(0, ViolationsAt(gone, 12_020));
        Assert.Equal(1, ViolationsAt(gone, 12_021));
        Assert.Equal(1, ViolationsAt(gone with { HidesTheStore = false }, 10));

        int ViolationsAt(Fault fault, int ms) => Check(new AnswerChecker(), [fault], [WithoutStore(ms)]).Count;

        LimitCall WithoutStore(int ms)
        {
            var call = Admitted(Sliding, ms, 0);
            return call with { Answer = call.Answer! with { Degraded = degraded, Cold = cold } };
        }
    }

    private static Fault Crash(int fromMs, int toMs) =>
        new("crash", At(fromMs), At(toMs)) { ChunksOver = 1, ChunksUnder = 2 };

    private static IReadOnlyList<Violation> Check(
        IHistoryChecker<LimitCall> checker, Fault[] faults, LimitCall[] calls) =>
        [.. checker.Check(History<LimitCall>.Of(calls, faults))];
}
