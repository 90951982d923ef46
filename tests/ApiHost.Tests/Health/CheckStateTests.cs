using CsCheck;
using Gatehouse.Silo.Health;

namespace Gatehouse.ApiHost.Tests.Health;

/// <summary>What is made of a row of looks at a dependency.</summary>
public class CheckStateTests
{
    private const CheckOutcome Good = CheckOutcome.Good;
    private const CheckOutcome Bad = CheckOutcome.Bad;

    private static readonly Gen<CheckOutcome> Outcome =
        Gen.Int[1, 4].Select(number => (CheckOutcome)number);

    private static readonly Gen<CheckOutcome[]> Looks = Outcome.Array[0, 30];

    [Fact]
    public void Verdict_BeforeAnyLook_IsNone() => Assert.Null(CheckState.Unknown.IsGood);

    [Fact]
    public void Verdict_BeforeThereIsOne_TakesOneSuccessOrOneLossOrThreeFailures()
    {
        Assert.True(After([Good]).IsGood);
        Assert.True(After([Bad, Bad, Good]).IsGood);
        Assert.False(After([CheckOutcome.Lost]).IsGood);
        Assert.Null(After([Bad, Bad]).IsGood);
        Assert.False(After([Bad, CheckOutcome.Unknown, Bad, Bad]).IsGood);
    }

    [Fact]
    public void Verdict_ThatTurnsBad_HasThreeFailuresInARowOrALossBehindIt() => Looks.Sample(looks =>
    {
        var known = new List<CheckOutcome>();
        var state = CheckState.Unknown;
        foreach (var look in looks)
        {
            var next = state.After(look);
            known.AddRange(look is CheckOutcome.Unknown ? [] : [look]);
            Assert.True(state.IsGood is false || next.IsGood is not false
                || look is CheckOutcome.Lost || known is [.., Bad, Bad, Bad]);

            state = next;
        }
    });

    [Fact]
    public void Verdict_ThatTurnsGood_HasTwoSuccessesInARowBehindIt() => Looks.Sample(looks =>
    {
        var known = new List<CheckOutcome>();
        var state = CheckState.Unknown;
        foreach (var look in looks)
        {
            var next = state.After(look);
            known.AddRange(look is CheckOutcome.Unknown ? [] : [look]);
            Assert.True(state.IsGood is not false || next.IsGood is not true || known is [.., Good, Good]);
            Assert.True(state.IsGood is not null || next.IsGood is not true || look is Good);
            state = next;
        }
    });

    [Fact]
    public void Verdict_WhateverWasBefore_FollowsThreeFailuresAndTwoSuccesses() => Looks.Sample(looks =>
    {
        Assert.False(After([.. looks, Bad, Bad, Bad]).IsGood);
        Assert.False(After([.. looks, CheckOutcome.Lost]).IsGood);
        Assert.True(After([.. looks, Good, Good]).IsGood);
    });

    [Fact]
    public void Verdict_WithFewerLooksAgainstIt_Stands() => Looks.Sample(looks =>
    {
        Assert.True(After([.. looks, Good, Good, Bad, Bad]).IsGood);
        Assert.True(After([.. looks, Good, Good, Bad, Bad, Good, Bad, Bad]).IsGood);
        Assert.False(After([.. looks, CheckOutcome.Lost, Good]).IsGood);
        Assert.False(After([.. looks, CheckOutcome.Lost, Good, Bad, Good]).IsGood);
    });

    [Fact]
    public void Look_ThatLearntNothing_ChangesNothing() => Looks.Sample(looks => Assert.Equal(
        After(looks), After([.. looks.Where(look => look is not CheckOutcome.Unknown)])));

    private static CheckState After(CheckOutcome[] looks) =>
        looks.Aggregate(CheckState.Unknown, static (state, look) => state.After(look));
}
