using CsCheck;
using Gatehouse.Chaos.Tests.Histories;
using Gatehouse.Chaos.Tests.RateLimiting.Checkers;

namespace Gatehouse.Chaos.Tests.RateLimiting.CheckerTests;

/// <summary>Whatever a correct limiter does passes, and any history with one deed too many does not.</summary>
public class CorrectHistoryTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Check_AnyCorrectHistory_FindsNothing(bool withCrashes) =>
        LimitHistoryGen.Correct(withCrashes).Sample(
            history => Assert.Empty(LimitCheckers.Regional.Check(history)), iter: 2_000, print: Print);

    [Fact]
    public void Check_MoreThanTwoLimitsAtOnce_FindsIt() => Mutated(
        CallOutcome.Admitted, "admission bound",
        (call, history) => [call with { Cost = (2 * call.Limit.Units) + 1 }]);

    [Fact]
    public void Check_ARefusalWithoutItsCause_FindsIt() => Mutated(
        CallOutcome.Refused, "justified refusal",
        (call, history) => [call with { Subject = "nobody else's", Cost = 1, Answer = Roomy(call) }],
        among: call => call.Limit.Units > 1 + (2 * call.Limit.Chunk));

    [Fact]
    public void Check_AnAnswerThatForgetsItsOwnCost_FindsIt() => Mutated(
        CallOutcome.Admitted, "own history",
        (call, history) => [call with { Answer = call.Answer! with { Remaining = call.Limit.Units } }]);

    [Fact]
    public void Check_AFirstCallThatFindsOthersUse_FindsIt() => Mutated(
        CallOutcome.Admitted, "own history",
        (call, history) => [call with { Subject = "new", Cost = 1, Answer = call.Answer! with { Remaining = 0 } }],
        among: call => call.Limit.Units > 1 + (2 * call.Limit.Chunk));

    [Fact]
    public void Check_AServerError_FindsIt() => Mutated(
        CallOutcome.Admitted, "known answers",
        (call, history) => [call with { Outcome = CallOutcome.Broken, Answer = new LimitAnswer(500) }]);

    [Fact]
    public void Check_ALateAnswer_FindsIt() => Mutated(
        CallOutcome.Refused, "deadline",
        (call, history) => [call with { End = call.Start + LimitCheckers.Deadline + TimeSpan.FromMilliseconds(1) }]);

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Check_ADegradedOrColdAnswerWithTheStoreAtHand_FindsIt(bool degraded, bool cold) => Mutated(
        CallOutcome.Admitted, "degraded or cold only without the store",
        (call, history) => [call with { Answer = call.Answer! with { Degraded = degraded, Cold = cold } }]);

    [Fact]
    public void Check_AReducedLimitThatDoesNotSayWhy_FindsIt() => Mutated(
        CallOutcome.Refused, "full limit unless degraded or cold",
        (call, history) => [call with { Answer = call.Answer! with { EffectiveLimit = call.Limit.Units / 2 } }]);

    /// <summary>Adds to correct histories, beside one random call, what must never be there.</summary>
    private static void Mutated(
        CallOutcome outcome, string promise, Func<LimitCall, History<LimitCall>, IEnumerable<LimitCall>> deed,
        Func<LimitCall, bool>? among = null)
    {
        var mutated = from history in LimitHistoryGen.Correct(withCrashes: false)
                      let victims = history.Operations
                          .Where(call => call.Outcome == outcome && (among is null || among(call))).ToList()
                      where victims.Count > 0
                      from victim in Gen.OneOf(victims.ToArray())
                      select History<LimitCall>.Of([.. history.Operations, .. deed(victim, history)], history.Faults);
        mutated.Sample(
            history => Assert.Contains(LimitCheckers.Regional.Check(history), found => found.Promise == promise),
            iter: 300, print: Print);
    }

    private static LimitAnswer Roomy(LimitCall call) => call.Answer! with { EffectiveLimit = call.Limit.Units };

    private static string Print(History<LimitCall> history)
    {
        var start = history.Operations[0].Start;
        return string.Join('\n', history.Operations.Select(call =>
                $"{(call.Start - start).TotalMilliseconds,10:0.0}..{(call.End - start).TotalMilliseconds,-10:0.0} {call}")
            .Prepend($"{history.Operations[0].Limit}")
            .Concat(history.Faults.Select(fault => $"{(fault.From - start).TotalMilliseconds:0.0} {fault.Name}"))
            .Concat(LimitCheckers.Regional.Check(history).Select(found => $"{found.Promise}: {found.Text}")));
    }
}
