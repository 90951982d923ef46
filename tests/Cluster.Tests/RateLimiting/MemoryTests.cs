using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.RateLimiting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Gatehouse.Cluster.Tests.RateLimiting;

/// <summary>Subjects leave memory without losing their counts, and never fill it.</summary>
public class MemoryTests
{
    private static readonly RateLimitPolicy Warm = RateLimitPolicy.BuiltIn with
    {
        ColdStart = new ColdStart { Duration = TimeSpan.Zero },
    };

    [Fact]
    public async Task Deactivation_CountsThatStillMatter_AreThereAgain()
    {
        await using var cluster = await GatehouseCluster.StartAsync();
        var key = await cluster.SubjectAsync(Warm);
        await cluster.CheckAsync(key, cost: 70);

        await cluster.ForgetAsync(key);

        Assert.Equal(30, (await cluster.CheckAsync(key, cost: 0)).Remaining);
    }

    [Fact]
    public async Task Deactivation_NothingInUse_StoresNothing()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var key = await cluster.SubjectAsync(Warm);
        await cluster.CheckAsync(key);
        cluster.Time.Advance(TimeSpan.FromSeconds(63));

        await cluster.ForgetAsync(key);

        Assert.Equal(0, cluster.Counts.Total(key.ToString()));
    }

    [Fact]
    public async Task Restart_AllSilos_KeepsTheCounts()
    {
        await using var cluster = await GatehouseCluster.StartAsync();
        var key = await cluster.SubjectAsync(Warm);
        await cluster.CheckAsync(key, cost: 70);

        await cluster.RestartAllAsync();

        Assert.Equal(30, (await cluster.CheckAsync(key, cost: 0)).Remaining);
    }

    [Fact]
    public async Task Check_MoreSubjectsThanTracked_ShareOneBucketAndDoNotStay()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1, o => o.TrackedSubjectsMax = 10);
        var key = await cluster.SubjectAsync(Warm with { Limit = 20 });
        for (var i = 0; i < 10; i++)
        {
            Assert.False((await cluster.CheckAsync(key with { Subject = $"203.0.113.{i}" })).Degraded);
        }

        var shared = new List<RateLimitDecision>();
        for (var i = 0; i < 200; i++)
        {
            shared.Add(await cluster.CheckAsync(key with { Subject = $"198.51.100.{i}" }));
        }

        Assert.All(shared, decision => Assert.True(decision.Degraded));
        Assert.Equal(20, shared.Count(decision => decision.Allowed));
        Assert.Equal(18, (await cluster.CheckAsync(key with { Subject = "203.0.113.1" })).Remaining);
        Assert.Equal(10, cluster.Service<TrackedSubjects>().Count);
    }

    [Fact]
    public async Task Place_OfASubjectThatLeft_IsFree()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1, o => o.TrackedSubjectsMax = 1);
        var key = await cluster.SubjectAsync(Warm);
        await cluster.CheckAsync(key);

        await cluster.ForgetAsync(key);

        Assert.False((await cluster.CheckAsync(key with { Subject = "198.51.100.1" })).Degraded);
    }

    [Fact]
    public async Task Runtime_Options_BoundMemoryAndQueues()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var collection = cluster.Service<IOptions<GrainCollectionOptions>>().Value;
        var messaging = cluster.Service<IOptions<SiloMessagingOptions>>().Value;

        Assert.Equal(TimeSpan.FromMinutes(1), collection.ClassSpecificCollectionAge[typeof(RateLimitGrain).FullName!]);
        Assert.True(collection.EnableActivationSheddingOnMemoryPressure);
        Assert.True(messaging.MaxEnqueuedRequestsHardLimit > 0);
        Assert.True(messaging.CancelRequestOnTimeout);
    }
}
