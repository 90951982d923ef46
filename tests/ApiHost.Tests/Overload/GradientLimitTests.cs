using CsCheck;
using Gatehouse.ApiHost.Overload;

namespace Gatehouse.ApiHost.Tests.Overload;

/// <summary>The limit follows the latency: down while requests queue behind this host, up again after that.</summary>
public class GradientLimitTests
{
    private const int Min = 8;
    private const int Max = 1_000;

    [Fact]
    public void Observe_LatencyAsUsual_GrowsToTheHardCap()
    {
        var limit = Observed(new GradientLimit(10, 0), times: 500, latencyMs: 2);

        Assert.Equal(Max, limit.Limit);
    }

    [Fact]
    public void Observe_LatencyFarAboveUsual_ShrinksWithinTwoSeconds()
    {
        var limit = Observed(new GradientLimit(Max, 2), times: 20, latencyMs: 100);

        Assert.InRange(limit.Limit, Min, Max / 4);
    }

    [Fact]
    public void Observe_AsUsualAgain_RecoversWithinHalfAMinute()
    {
        var shrunk = Observed(new GradientLimit(Max, 2), times: 50, latencyMs: 100);

        var limit = Observed(shrunk, times: 300, latencyMs: 2);

        Assert.InRange(limit.Limit, Max / 2, Max);
    }

    [Fact]
    public void Observe_NobodyNearTheLimit_ChangesNothingButTheUsual()
    {
        var limit = new GradientLimit(100, 2).Observe(latencyMs: 50, inFlightMax: 3, Min, Max);

        Assert.Equal(100, limit.Limit);
        Assert.InRange(limit.UsualMs, 2.01, 10);
    }

    [Fact]
    public void Observe_SlowerForGood_IsTheUsualSoonerOrLater()
    {
        var limit = Observed(new GradientLimit(Max, 2), times: 2_000, latencyMs: 20);

        Assert.InRange(limit.Limit, Max / 2, Max);
    }

    /// <summary>A host that can do 20 at a time: more take longer, in proportion.</summary>
    [Fact]
    public void Observe_AHostOfTwentyAtATime_SettlesWithoutAnEndlessQueue()
    {
        var limit = new GradientLimit(Max, 0);
        for (var i = 0; i < 100; i++)
        {
            limit = limit.Observe(latencyMs: 1, inFlightMax: 20, Min, Max);
        }

        var most = 0.0;
        for (var i = 0; i < 2_000; i++)
        {
            limit = limit.Observe(Math.Max(1, limit.Limit / 20), (int)limit.Limit, Min, Max);
            most = i < 100 ? 0 : Math.Max(most, limit.Limit);
        }

        Assert.InRange(limit.Limit, 15, 200);
        Assert.InRange(most, 15, 400);
    }

    [Fact]
    public void Observe_WhateverIsObserved_StaysWithinItsBounds() =>
        Gen.Select(Gen.Double[0.001, 10_000], Gen.Int[0, Max]).Array[0, 200].Sample(
            observations =>
            {
                var limit = new GradientLimit(Max, 0);
                foreach (var (latency, inFlight) in observations)
                {
                    limit = limit.Observe(latency, inFlight, Min, Max);
                    Assert.InRange(limit.Limit, Min, Max);
                    Assert.True(double.IsFinite(limit.UsualMs) && limit.UsualMs > 0);
                }
            },
            iter: 2_000);

    private static GradientLimit Observed(GradientLimit limit, int times, double latencyMs)
    {
        for (var i = 0; i < times; i++)
        {
            limit = limit.Observe(latencyMs, (int)limit.Limit, Min, Max);
        }

        return limit;
    }
}
