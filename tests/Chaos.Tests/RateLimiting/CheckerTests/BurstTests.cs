using Gatehouse.Chaos.Tests.Histories;
using Gatehouse.Chaos.Tests.RateLimiting.Checkers;

namespace Gatehouse.Chaos.Tests.RateLimiting.CheckerTests;

/// <summary>
/// Histories that spend a limit to the last unit: the checkers are exact there, so one unit, or one moment, more or
/// less makes the difference.
/// </summary>
public class BurstTests
{
    private const int Units = 20;
    // A second into a window, where it is certain which window it is.
    private static readonly TimeSpan Start = TimeSpan.FromDays(20_000) + TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    public static TheoryData<string> Laws { get; } = ["sliding-window", "token-bucket", "fixed-window"];

    [Theory]
    [MemberData(nameof(Laws))]
    public void Check_LimitSpentThenRefused_FindsNothing(string law) => Assert.Empty(Check([.. Burst(law), Refused(law, 21)]));

    [Theory]
    [MemberData(nameof(Laws))]
    public void Check_OneUnitInjected_FindsTheWholeInterval(string law)
    {
        var violation = Assert.Single(Check([.. Burst(law), Admitted(law, 21, remaining: 0)], new AdmissionBoundChecker()));

        Assert.Equal(("admission bound", At(1), At(21)), (violation.Promise, violation.From, violation.To));
        Assert.Contains("21 units admitted in 0.020 s, at most 20", violation.Text, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Laws))]
    public void Check_OneRefusalTurnedIntoAnAdmission_FindsIt(string law)
    {
        var turned = Refused(law, 21) with { Outcome = CallOutcome.Admitted, Answer = Says(200, 0) };

        Assert.Equal("admission bound", Assert.Single(Check([.. Burst(law), turned])).Promise);
    }

    [Theory]
    [MemberData(nameof(Laws))]
    public void Check_OneAdmissionTakenFromUnderARefusal_FindsTheRefusal(string law)
    {
        var violation = Assert.Single(Check([.. Burst(law).Skip(1), Refused(law, 21)], new RefusalChecker()));

        Assert.Equal(("justified refusal", At(21)), (violation.Promise, violation.From));
    }

    [Theory]
    [MemberData(nameof(Laws))]
    public void Check_OneAdmissionWithoutAnAnswer_StillJustifiesTheRefusalButProvesNothingAdmitted(string law)
    {
        var lost = Burst(law)[0] with { Outcome = CallOutcome.Unknown, Answer = null };

        Assert.Empty(Check([lost, .. Burst(law).Skip(1), Refused(law, 21)], new RefusalChecker()));
        Assert.Empty(Check([lost, .. Burst(law).Skip(1), Admitted(law, 21, 0)], new AdmissionBoundChecker()));
    }

    [Theory]
    [MemberData(nameof(Laws))]
    public void Check_OneAdmissionSaidNotToBeApplied_DoesNotJustifyTheRefusal(string law)
    {
        var shed = Burst(law)[0] with { Outcome = CallOutcome.Overloaded, Answer = Says(429, 0) with { IsNotApplied = true } };

        Assert.Single(Check([shed, .. Burst(law).Skip(1), Refused(law, 21)], new RefusalChecker()));
        var unsure = shed with { Answer = Says(429, 0) };
        Assert.Empty(Check([unsure, .. Burst(law).Skip(1), Refused(law, 21)], new RefusalChecker()));
    }

    [Theory]
    [InlineData(9_979, 1)]
    [InlineData(10_000, 0)]
    public void SlidingWindow_NextBurstShiftedIntoTheWindow_IsFoundAndNotAMomentLater(int shiftMs, int violations) =>
        Assert.Equal(violations, Check(
            [.. Burst("sliding-window"), .. Burst("sliding-window").Select(call => Shifted(call, shiftMs))],
            new AdmissionBoundChecker()).Count);

    [Theory]
    [InlineData(499, 1)]
    [InlineData(500, 0)]
    public void TokenBucket_NextTokenTakenEarly_IsFound(int afterMs, int violations) => Assert.Equal(violations, Check(
        [
            Admitted("token-bucket", 0, 0) with { Cost = Units },
            Admitted("token-bucket", afterMs, 0),
        ],
        new AdmissionBoundChecker()).Count);

    [Theory]
    [InlineData(8_748, 1)]
    [InlineData(8_749, 0)]
    public void FixedWindow_NextBurst_IsFoundOnlyWhenCertainlyInTheSameAlignedWindow(int shiftMs, int violations) =>
        Assert.Equal(violations, Check(
            [.. Burst("fixed-window"), .. Burst("fixed-window").Select(call => Shifted(call, shiftMs))],
            new AdmissionBoundChecker()).Count);

    [Theory]
    [MemberData(nameof(Laws))]
    public void Check_RemainingOffByOne_IsFoundEitherWay(string law)
    {
        var burst = Burst(law);
        Assert.Single(Check([.. burst[..5], burst[5] with { Answer = Says(200, 15) }], new OwnHistoryChecker()));
        Assert.Single(Check([.. burst[..5], burst[5] with { Answer = Says(200, 13) }], new OwnHistoryChecker()));
    }

    [Theory]
    [MemberData(nameof(Laws))]
    public void Check_AnotherSubjectsUseCountedHere_IsFound(string law) => Assert.Single(Check(
        [.. Burst(law), Admitted(law, 21, remaining: 18) with { Subject = "b" }], new OwnHistoryChecker()));

    [Fact]
    public void Check_CallsThatMayLieOutsideTheInterval_ProveNothing()
    {
        var slow = Burst("sliding-window").Select(call => call with { End = call.End + Window });
        Assert.Empty(Check([.. slow, Admitted("sliding-window", 21, 0)], new AdmissionBoundChecker()));
    }

    internal static IReadOnlyList<Violation> Check(LimitCall[] calls, params IHistoryChecker<LimitCall>[] checkers) =>
        (checkers.Length == 0 ? LimitCheckers.Regional : checkers).Check(History<LimitCall>.Of(calls));

    /// <summary>Spends the limit: a unit a millisecond, from the first one on.</summary>
    internal static LimitCall[] Burst(string law) =>
        [.. Enumerable.Range(1, Units).Select(i => Admitted(law, i, Units - i))];

    internal static LimitCall Admitted(string law, int atMs, int remaining) => new()
    {
        Limit = Limit(law),
        Subject = "a",
        Cost = 1,
        Start = At(atMs),
        End = At(atMs),
        Outcome = CallOutcome.Admitted,
        Answer = Says(200, remaining),
    };

    internal static LimitCall Refused(string law, int atMs) =>
        Admitted(law, atMs, 0) with { Outcome = CallOutcome.Refused, Answer = Says(429, 0) };

    internal static LimitCall Shifted(LimitCall call, int ms) =>
        call with { Start = call.Start + TimeSpan.FromMilliseconds(ms), End = call.End + TimeSpan.FromMilliseconds(ms) };

    internal static TimeSpan At(int ms) => Start + TimeSpan.FromMilliseconds(ms);

    private static LimitAnswer Says(int status, int remaining) =>
        new(status) { EffectiveLimit = Units, Remaining = remaining };

    private static Limit Limit(string law) => new("p", LimitLaws.Named(law), Units, Window) { ClockError = TimeSpan.Zero };
}
