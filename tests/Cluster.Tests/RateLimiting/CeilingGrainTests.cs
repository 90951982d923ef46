using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.RateLimiting;

namespace Gatehouse.Cluster.Tests.RateLimiting;

/// <summary>Reserving ahead, through real silos: what a store does must not show, or show as the policy says.</summary>
public class CeilingGrainTests
{
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(20);

    private static readonly RateLimitPolicy Warm = RateLimitPolicy.BuiltIn with
    {
        ColdStart = new ColdStart { Duration = TimeSpan.Zero },
    };

    public static TheoryData<RateLimitAlgorithm> Algorithms { get; } = new(
        RateLimitAlgorithm.SlidingWindow, RateLimitAlgorithm.TokenBucket, RateLimitAlgorithm.FixedWindow);

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task Migration_ToAnotherSilo_CarriesTheExactCountsWithoutTheStore(RateLimitAlgorithm algorithm)
    {
        await using var cluster = await GatehouseCluster.StartAsync();
        var key = await cluster.SubjectAsync(Warm with { Algorithm = algorithm });
        await cluster.CheckAsync(key, cost: 70);
        var host = await cluster.HostOfAsync(key);
        cluster.Counts.IsDown = true;

        await cluster.Cluster.MigrateAsync(cluster.Grains.RateLimit(key), cluster.OtherThan(host));

        var after = await cluster.CheckAsync(key, cost: 0);
        Assert.Equal((30, false), (after.Remaining, after.Degraded));
        Assert.NotEqual(host, await cluster.HostOfAsync(key));
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task RollingRestart_OfEverySilo_KeepsTheCountsAndAdmitsNoneMore(RateLimitAlgorithm algorithm)
    {
        await using var cluster = await GatehouseCluster.StartAsync();
        var key = await cluster.SubjectAsync(Warm with { Algorithm = algorithm });
        var admitted = await cluster.AdmittedAsync(key, 60);
        foreach (var silo in cluster.Cluster.Silos.ToList())
        {
            var restarted = await cluster.Cluster.RestartSiloAsync(silo);
            await cluster.RefreshAsync();
            // The test's own client may still try the gateway that is gone; the new silo's does not.
            admitted += await cluster.AdmittedAsync(key, 15, cluster.GrainsOf(restarted!.SiloAddress));
        }

        Assert.Equal(90, admitted);
        Assert.Equal(10, await cluster.AdmittedAsync(key, 50, cluster.GrainsOf(cluster.Cluster.Silos[0].SiloAddress)));
    }

    [Fact]
    public async Task Departure_OfManySubjects_AsksTheStoreForFewAtATimeAndTellsItAll()
    {
        const int Subjects = 3 * SubjectDeparture.AtOnce;
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var key = await cluster.SubjectAsync(Warm);
        var keys = Enumerable.Range(0, Subjects).Select(i => key with { Subject = $"subject-{i}" }).ToList();
        await Task.WhenAll(keys.Select(each => cluster.CheckAsync(each).AsTask()));
        cluster.Counts.Stop();
        var held = cluster.Counts.WaitingAsync(SubjectDeparture.AtOnce);

        var leaving = cluster.Service<SubjectDeparture>().LeaveAsync(CancellationToken.None);
        await held;
        Assert.Equal((SubjectDeparture.AtOnce, false), (cluster.Counts.Waiting, leaving.IsCompleted));
        cluster.Counts.Continue();
        await leaving;

        Assert.All(keys, each => Assert.Equal(1, cluster.Counts.Total(each.ToString())));
    }

    [Fact]
    public async Task Departure_OfASilo_TellsTheStoreAllAndFromThenOnBeforeEachAnswer()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var (key, quiet) = (await cluster.SubjectAsync(Warm), await cluster.SubjectAsync(Warm));
        await cluster.AdmittedAsync(key, 25);
        await cluster.CheckAsync(quiet, cost: 3);

        await cluster.Service<SubjectDeparture>().LeaveAsync(CancellationToken.None);
        Assert.Equal((25, 3), (cluster.Counts.Total($"{key}"), cluster.Counts.Total($"{quiet}")));

        // The silo is still called. Its successor may be asked at any moment, and finds no unit too few or too many.
        for (var admitted = 26; admitted <= 100; admitted++)
        {
            Assert.True((await cluster.CheckAsync(key)).Allowed);
            Assert.Equal(admitted, cluster.Counts.Total($"{key}"));
        }

        Assert.False((await cluster.CheckAsync(key)).Allowed);
    }

    [Fact]
    public async Task Check_OfAnActiveSubjectWhileTheStoreHangs_IsAnsweredWithoutIt()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var key = await cluster.SubjectAsync(Warm);
        await cluster.CheckAsync(key);
        cluster.Counts.Stop();

        // 21 are reserved, and one chunk of 10 more is the risk that a crash may cost.
        for (var i = 0; i < 30; i++)
        {
            var decision = await cluster.CheckAsync(key).AsTask().WaitAsync(AnswerMax);
            Assert.Equal((true, false), (decision.Allowed, decision.Degraded));
        }

        cluster.Counts.Continue();
    }

    [Theory]
    [InlineData(StoreFailureMode.Reduced, 50)]
    [InlineData(StoreFailureMode.Deny, 31)]
    [InlineData(StoreFailureMode.Allow, 100)]
    public async Task Check_MoreThanIsReservedWhileTheStoreIsDown_FollowsThePolicy(StoreFailureMode mode, int admitted)
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var key = await cluster.SubjectAsync(Warm with { OnStoreFailure = mode });
        await cluster.CheckAsync(key);
        cluster.Counts.IsDown = true;

        Assert.Equal(admitted - 1, await cluster.AdmittedAsync(key, 200));
        var refused = await cluster.CheckAsync(key);
        Assert.Equal(mode is StoreFailureMode.Deny, refused.Reason is RateLimitReason.StoreUnavailable);
        // With allow the limit itself is spent, and that is known.
        Assert.Equal(mode is StoreFailureMode.Reduced, refused.Degraded);

        cluster.Counts.IsDown = false;
        cluster.Time.Advance(TimeSpan.FromSeconds(1));
        await cluster.CheckAsync(key);
        Assert.Equal(100, admitted + await cluster.AdmittedAsync(key, 200));
    }

    [Fact]
    public async Task Check_AnswersOfTheStoreLost_CountsEachAdmissionOnce()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var key = await cluster.SubjectAsync(Warm);
        await cluster.CheckAsync(key, cost: 20);
        cluster.Counts.LosesAnswers = true;
        await cluster.CheckAsync(key, cost: 10);
        cluster.Counts.LosesAnswers = false;
        cluster.Time.Advance(TimeSpan.FromSeconds(1));
        await cluster.CheckAsync(key);

        await cluster.ForgetAsync(key);

        Assert.Equal(69, (await cluster.CheckAsync(key, cost: 0)).Remaining);
    }

    [Fact]
    public async Task Store_Flushed_GivesNeitherKnownNorNewSubjectsAFreshBudget()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var cold = Warm with { ColdStart = new ColdStart { Duration = TimeSpan.FromMinutes(5) } };
        var key = await cluster.SubjectAsync(cold);
        await cluster.AdvanceAsync(TimeSpan.FromMinutes(6));
        await cluster.CheckAsync(key, cost: 90);
        cluster.Counts.Flush();
        cluster.Regions.Flush();

        // The silo has not asked for the region's age again yet: finding the store empty tells it.
        Assert.Equal(50, await cluster.AdmittedAsync(key with { Subject = "203.0.113.8" }, 200));
        Assert.Equal(0, await cluster.AdmittedAsync(key, 200));
        await cluster.RefreshAsync();
        await cluster.ForgetAsync(key);
        Assert.Equal(0, await cluster.AdmittedAsync(key, 200));
    }

    [Fact]
    public async Task Check_HotSubject_AsksTheStoreAtMostOnceForEightAdmitted()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var key = await cluster.SubjectAsync(Warm);
        var before = cluster.Counts.Calls;
        var admitted = 0;
        for (var second = 0; second < 180; second++)
        {
            admitted += await cluster.AdmittedAsync(key, 5);
            cluster.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.True(admitted >= 280, $"{admitted} admitted");
        var calls = cluster.Counts.Calls - before;
        Assert.True(calls <= admitted / 8, $"{calls} calls for {admitted} admitted");
    }

    [Theory]
    [InlineData(RateLimitAlgorithm.SlidingWindow, 600)]
    [InlineData(RateLimitAlgorithm.FixedWindow, 600)]
    [InlineData(RateLimitAlgorithm.TokenBucket, 30)]
    public async Task Policy_WithAnotherWindow_KeepsWhatIsReservedAndWhatWasTold(RateLimitAlgorithm algorithm, int seconds)
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var key = await cluster.SubjectAsync(Warm with { Algorithm = algorithm });
        await cluster.CheckAsync(key, cost: 70);
        cluster.Time.Advance(TimeSpan.FromSeconds(21));
        var other = Warm with { Algorithm = algorithm, Window = TimeSpan.FromSeconds(seconds) };
        await cluster.PutPolicyAsync(key.Tenant, other);
        var known = (await cluster.CheckAsync(key, cost: 5)).Remaining;

        await cluster.ForgetAsync(key);

        // A token bucket's arrivals are known to a thirtieth of the window.
        var spare = algorithm is RateLimitAlgorithm.TokenBucket ? 5 : 0;
        Assert.InRange((await cluster.CheckAsync(key, cost: 0)).Remaining, known - spare, known);
    }

    [Fact]
    public async Task Policy_WithAnotherWindowWhileTheSubjectIsAway_FindsWhatWasToldInTheOldOne()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var key = await cluster.SubjectAsync(Warm);
        await cluster.CheckAsync(key, cost: 70);
        await cluster.ForgetAsync(key);
        await cluster.PutPolicyAsync(key.Tenant, Warm with { Window = TimeSpan.FromMinutes(10) });

        Assert.Equal(29, (await cluster.CheckAsync(key)).Remaining);
        await cluster.ForgetAsync(key);
        Assert.Equal(29, (await cluster.CheckAsync(key, cost: 0)).Remaining);
    }

    [Fact]
    public async Task Refund_OfWhatAPredecessorAdmitted_ReachesTheStore()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var key = await cluster.SubjectAsync(Warm);
        await cluster.CheckAsync(key, cost: 70);
        await cluster.ForgetAsync(key);

        await cluster.Grains.RateLimit(key).RefundAsync(50);
        await cluster.ForgetAsync(key);

        Assert.Equal(80, (await cluster.CheckAsync(key, cost: 0)).Remaining);
    }

    [Fact]
    public async Task Reset_WhileReserved_ForgetsInTheStoreToo()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var key = await cluster.SubjectAsync(Warm);
        await cluster.CheckAsync(key, cost: 70);

        Assert.Equal(100, (await cluster.Grains.RateLimit(key).ResetAsync()).Remaining);
        await cluster.CheckAsync(key);
        await cluster.ForgetAsync(key);

        Assert.Equal(99, (await cluster.CheckAsync(key, cost: 0)).Remaining);
    }
}
