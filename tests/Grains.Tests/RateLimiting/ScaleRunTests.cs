using Gatehouse.Benchmarks.Scale;

namespace Gatehouse.Grains.Tests.RateLimiting;

/// <summary>The simulation behind docs/scale.md: one seed gives one run, and its check can fail.</summary>
public class ScaleRunTests
{
    private static readonly long Window = ScaleCase.Window.Ticks;

    private static readonly ScaleCase ThreeRegions = new() { Limit = 50, Load = 30, CalledIn = 3, Samples = 2 };

    [Fact]
    public void Run_WithOneSeed_IsAlwaysTheSame()
    {
        var faulty = ThreeRegions with { Loss = 0.1, Crashes = 2 };

        var first = ScaleRun.Run(faulty, 7);

        Assert.True(first.Counts.Admitted > 0 && first.Counts.Exchanges > 0);
        Assert.Equal(first, ScaleRun.Run(faulty, 7));
        Assert.NotEqual(first, ScaleRun.Run(faulty, 8));
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    public void ExitCode_IsOne_WhereRegionsDoNotKnowOfEachOther(bool knowsOthers, int code) =>
        Assert.Equal(code, ScaleBenchmark.ExitCode([ScaleRun.Run(ThreeRegions with { KnowsOthers = knowsOthers }, 1)]));

    [Theory]
    [InlineData(0, 50, false)]
    [InlineData(0, 51, true)]
    [InlineData(1, 55, false)]
    [InlineData(1, 56, true)]
    public void InOneRegion_AllowsTheLimitAndAChunkForEachCrash(int crashes, int units, bool isBroken)
    {
        var history = new SubjectHistory(1);
        // Just gone when the last one comes.
        history.Admit(0, 0);
        Admit(history, region: 0, at: 2, 40);
        history.Crashes.AddRange(Enumerable.Repeat((3L, 0), crashes));
        Admit(history, region: 0, at: Window, units - 40);

        var fullest = Judge.InOneRegion(history, ThreeRegions);

        Assert.Equal((units, isBroken), (fullest.Units, fullest.IsBroken));
    }

    [Theory]
    [InlineData(10, false)]
    [InlineData(11, true)]
    public void InAllRegions_AllowsOneExchangeForEachOtherRegionThatCalls(int tooMany, bool isBroken)
    {
        var history = new SubjectHistory(3);
        Admit(history, region: 0, at: 1, 50);
        history.Exchanges[1].Add(new Exchange { AskedAt = 2, AdmittedBefore = 0, AnsweredAt = 3 });
        // Five before the next answer: with two others that call, ten are allowed above the limit of a hundred.
        Admit(history, region: 1, at: 4, 5);
        history.Exchanges[1].Add(new Exchange { AskedAt = 5, AdmittedBefore = 5, AnsweredAt = 6 });
        Admit(history, region: 2, at: Window - 1, 45 + tooMany);

        Assert.Equal(isBroken, Judge.InAllRegions(history, ThreeRegions).IsBroken);
    }

    private static void Admit(SubjectHistory history, int region, long at, int units)
    {
        for (var i = 0; i < units; i++)
        {
            history.Admit(at, region);
        }
    }
}
