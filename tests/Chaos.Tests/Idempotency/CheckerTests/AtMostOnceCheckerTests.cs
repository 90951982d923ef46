using Gatehouse.Chaos.Tests.Histories;
using Gatehouse.Chaos.Tests.Idempotency.Checkers;

namespace Gatehouse.Chaos.Tests.Idempotency.CheckerTests;

/// <summary>A correct history passes, and each with one wrong deed in it does not.</summary>
public class AtMostOnceCheckerTests
{
    private static readonly Effect Paid = new("k", "a", "same", Ms(15));

    private static readonly IdempotencyCall[] Correct =
    [
        Begin("a", 10, IdempotencyOutcome.Started) with { Epoch = 1 },
        Begin("b", 12, IdempotencyOutcome.InProgress),
        Begin("c", 13, IdempotencyOutcome.Mismatch, "other"),
        Step("a", IdempotencyStep.Complete, 16, IdempotencyOutcome.Unknown),
        Begin("b", 18, IdempotencyOutcome.Replayed) with { Body = "k/a" },
        Step("a", IdempotencyStep.Complete, 20, IdempotencyOutcome.Completed),
        Begin("b", 30, IdempotencyOutcome.Replayed) with { Body = "k/a" },
        Begin("b", 31, IdempotencyOutcome.NotApplied),
        Begin("c", 32, IdempotencyOutcome.Mismatch, "other"),
    ];

    [Fact]
    public void Check_ACorrectHistory_FindsNothing() => Assert.Empty(Check([Paid], Correct));

    [Fact]
    public void Check_TwoEffects_FindsIt() => Finds("at most one effect", [Paid, Paid with { Caller = "b" }], Correct);

    [Fact]
    public void Check_ASecondOwnerWithoutARelease_FindsIt() => Finds(
        "one owner at a time", [Paid], [.. Correct, Begin("b", 14, IdempotencyOutcome.Started)]);

    [Fact]
    public void Check_TheSameOwnerAskingAgain_FindsNothing() =>
        Assert.Empty(Check([Paid], [.. Correct, Begin("a", 11, IdempotencyOutcome.Started)]));

    [Theory]
    [InlineData((int)IdempotencyOutcome.Released, 0)]
    [InlineData((int)IdempotencyOutcome.Unknown, 0)]
    [InlineData((int)IdempotencyOutcome.Stale, 1)]
    [InlineData((int)IdempotencyOutcome.NotApplied, 1)]
    public void Check_ASecondOwnerBehindARelease_IsRightIfItMayHaveBeenDone(int outcome, int violations) =>
        Assert.Equal(violations, Check([],
        [
            Begin("a", 10, IdempotencyOutcome.Started),
            Step("a", IdempotencyStep.Release, 12, (IdempotencyOutcome)outcome),
            Begin("b", 14, IdempotencyOutcome.Started),
        ]).Count());

    [Fact]
    public void Check_AnotherAnswerReplayed_FindsIt() => Finds(
        "equal replays", [Paid], [.. Correct, Begin("b", 40, IdempotencyOutcome.Replayed) with { Body = "k/b" }]);

    [Fact]
    public void Check_AnAnswerToAnotherRequest_FindsIt() => Finds(
        "equal replays", [Paid], [.. Correct, Begin("c", 40, IdempotencyOutcome.Replayed, "other") with { Body = "k/a" }]);

    [Fact]
    public void Check_AnAnswerBeforeTheEffect_FindsIt() => Finds(
        "equal replays", [Paid], [.. Correct, Begin("b", 13, IdempotencyOutcome.Replayed) with { Body = "k/a" }]);

    [Theory]
    [InlineData((int)IdempotencyOutcome.InProgress)]
    [InlineData((int)IdempotencyOutcome.Held)]
    [InlineData((int)IdempotencyOutcome.Mismatch)]
    public void Check_WhatIsDoneForgotten_FindsIt(int outcome) =>
        Finds("done is known", [Paid], [.. Correct, Begin("b", 40, (IdempotencyOutcome)outcome)]);

    private static void Finds(string promise, Effect[] effects, IdempotencyCall[] calls) =>
        Assert.Equal(promise, Assert.Single(Check(effects, calls)).Promise);

    private static IEnumerable<Violation> Check(Effect[] effects, IdempotencyCall[] calls) =>
        new AtMostOnceChecker(effects).Check(History<IdempotencyCall>.Of(calls));

    private static IdempotencyCall Begin(string caller, int at, IdempotencyOutcome outcome, string fingerprint = "same") =>
        new("k", caller, fingerprint, IdempotencyStep.Begin) { Start = Ms(at), End = Ms(at + 1), Outcome = outcome };

    private static IdempotencyCall Step(string caller, IdempotencyStep step, int at, IdempotencyOutcome outcome) =>
        new("k", caller, "same", step) { Start = Ms(at), End = Ms(at + 1), Outcome = outcome };

    private static TimeSpan Ms(int ms) => TimeSpan.FromMilliseconds(ms);
}
