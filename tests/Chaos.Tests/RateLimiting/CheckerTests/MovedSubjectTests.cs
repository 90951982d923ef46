using Gatehouse.Chaos.Tests.Histories;
using Gatehouse.Chaos.Tests.RateLimiting.Checkers;
using static Gatehouse.Chaos.Tests.RateLimiting.CheckerTests.BurstTests;

namespace Gatehouse.Chaos.Tests.RateLimiting.CheckerTests;

/// <summary>What a move, a store that is away and a process that comes back may take from a subject, to the unit.</summary>
public class MovedSubjectTests
{
    private const string Sliding = "sliding-window";
    private const string Token = "token-bucket";

    // Twenty units drain in ten seconds: a thirtieth of that is 0.67 units, a sixth 3.3.
    [Theory]
    [InlineData(Token, false, 1)]
    [InlineData(Token, true, 4)]
    [InlineData(Sliding, false, 0)]
    [InlineData(Sliding, true, 0)]
    public void Move_OfATokenBucket_MayWithholdWhatDrainsInTheTimeItIsUnsureOf(string law, bool isCrash, int units) =>
        ExpectWithheld(law, new Fault("moved", At(10), At(11)) { Moves = isCrash, HandsOver = !isCrash }, units);

    // Away for 0.6 s, a span of 1.67 s and a second: 3.27 s at half the rate.
    [Theory]
    [InlineData(Token, 4)]
    [InlineData(Sliding, 0)]
    public void StoreAway_LetsATokenBucketDrainAtHalfItsRate(string law, int units) =>
        ExpectWithheld(law, new Fault("away", At(-590), At(10)) { HidesTheStore = true }, units);

    [Fact]
    public void CallUnderWay_MayBeCountedThoughItWasNotAnswered() =>
        ExpectWithheld(Sliding, new Fault("crash", At(10), At(11)) { UnitsUnder = 2 }, 2);

    [Fact]
    public void Fault_OfAnotherRegion_ExplainsNothing()
    {
        var fault = new Fault("crash", At(10), At(11)) { ChunksUnder = 1, ChunksOver = 1, RecoveryMax = TimeSpan.FromDays(1) };
        LimitCall[] calls = [.. Burst(Sliding)[..18], Refused(Sliding, 21)];
        var lost = Refused(Sliding, 22) with { Outcome = CallOutcome.Unknown, Answer = null };

        Assert.Empty(Check([fault with { Region = "local" }], [.. calls, lost]));
        Assert.Equal(2, Check([fault with { Region = "other" }], [.. calls, lost]).Count);
    }

    [Fact]
    public void Unknown_InAProcessThatWasStopped_MayCountUntilItHasEnded()
    {
        // Given up at 20 ms, held until 8 s, and counted for one window and a thirtieth from then on.
        var held = Refused(Sliding, 20) with { Outcome = CallOutcome.Unknown, Answer = null, Cost = 20 };
        var revived = new Fault("SIGCONT", At(7_000), At(8_000)) { Revives = true, RecoveryMax = TimeSpan.FromDays(1) };
        var lost = revived with { From = At(0), Revives = false };

        Assert.Empty(Check([lost, revived], [held, Refused(Sliding, 18_333)]));
        Assert.Single(Check([lost, revived], [held, Refused(Sliding, 18_334)]));
        Assert.Single(Check([lost], [held, Refused(Sliding, 18_333)]));
        // What was certainly admitted was admitted then.
        var admitted = Burst(Sliding)[0] with { Cost = 20, Answer = new LimitAnswer(200) { EffectiveLimit = 20 } };
        Assert.Single(Check([lost, revived], [admitted, Refused(Sliding, 18_333)]));
    }

    private static void ExpectWithheld(string law, Fault fault, int units)
    {
        Assert.Empty(Refusals(units));
        Assert.Single(Refusals(units + 1));

        IEnumerable<Violation> Refusals(int missing) => new RefusalChecker().Check(History<LimitCall>.Of(
            [.. Burst(law)[..(20 - missing)], Refused(law, 21)], [fault]));
    }

    private static IReadOnlyList<Violation> Check(Fault[] faults, LimitCall[] calls) =>
        LimitCheckers.Regional.Check(History<LimitCall>.Of(calls, faults));
}
