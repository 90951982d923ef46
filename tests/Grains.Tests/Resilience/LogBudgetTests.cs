using Gatehouse.Grains.Abstractions.Resilience;
using Microsoft.Extensions.Time.Testing;

namespace Gatehouse.Grains.Tests.Resilience;

/// <summary>One line a second, and none of the others is forgotten.</summary>
public class LogBudgetTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Take_AThousandInASecond_IsOneLineAndTheNextSaysHowManyWereNot()
    {
        var budget = new LogBudget(_time);

        Assert.Equal(1, Enumerable.Range(0, 1_000).Count(_ => budget.TryTake(out var none) && none == 0));
        _time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.False(budget.TryTake(out _));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(budget.TryTake(out var skipped));
        Assert.Equal(1_000, skipped);
    }
}
