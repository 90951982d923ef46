using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Abstractions.Tenants;
using Gatehouse.Grains.RateLimiting.Ceilings;
using Gatehouse.Grains.Resilience;
using Gatehouse.Grains.Tests.Resilience;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;

namespace Gatehouse.Cluster.Tests.Resilience;

/// <summary>Every known failure at every store call of every grain: an overload that says why, or the degraded answer.</summary>
public class FaultSweepTests
{
    private static readonly RateLimitPolicy Policy = RateLimitPolicy.BuiltIn with
    {
        ColdStart = new ColdStart { Duration = TimeSpan.Zero },
    };

    [Fact]
    public async Task Tenant_EveryFailureAtEveryCall_IsThatOverloadAndLeavesAGrainThatTellsTheTruth()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        foreach (var (failure, reason, applied) in Failures())
        {
            foreach (var where in new[] { StorageFault.Read, StorageFault.BeforeWrite, StorageFault.AfterWrite })
            {
                var tenant = cluster.Grains.Tenant(GatehouseCluster.NewName());
                if (where is not StorageFault.Read)
                {
                    await tenant.PutAsync(Precondition.Unconditional);
                }

                cluster.Tenants.Fault = (failure, where);
                var refused = await RefusedAsync(tenant.PutPolicyAsync("p", Policy, Precondition.Unconditional));
                cluster.Tenants.Fault = null;

                Assert.Equal(reason, refused.Reason);
                Assert.Equal(where is StorageFault.Read ? Applied.No : applied, refused.Applied);
                await CloseCircuitAsync(cluster);
                var hasPolicy = (await tenant.GetAsync(null))!.Policies.ContainsKey("p");
                Assert.Equal(where is StorageFault.AfterWrite, hasPolicy);
            }
        }
    }

    [Fact]
    public async Task Counter_EveryFailureWhileLoading_IsTheAnswerThatItsPolicyAsksFor()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        foreach (var (failure, _, _) in Failures())
        {
            cluster.Counts.Failure = null;
            var reduced = await cluster.SubjectAsync(Policy);
            var deny = await cluster.SubjectAsync(Policy with { OnStoreFailure = StoreFailureMode.Deny });
            cluster.Counts.Failure = failure;

            var degraded = await cluster.CheckAsync(reduced);
            var denied = await cluster.CheckAsync(deny);

            Assert.Equal((true, true, 50), (degraded.Allowed, degraded.Degraded, degraded.EffectiveLimit));
            Assert.Equal((false, RateLimitReason.StoreUnavailable), (denied.Allowed, denied.Reason));
            await Assert.ThrowsAsync<ServiceOverloadedException>(
                () => cluster.Grains.RateLimit(reduced).ResetAsync().AsTask());
        }
    }

    [Fact]
    public async Task KeyRing_EveryFailureAtEveryCall_IsThatOverload()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        foreach (var (_, reason, applied) in Failures())
        {
            var (tenant, failure) = (GatehouseCluster.NewName(), new ServiceOverloadedException(reason, applied));
            var ring = cluster.Grains.KeyRing(tenant);
            await ring.EnsureAsync();
            foreach (var call in new Func<Task>[]
            {
                () => ring.GetAsync(null), ring.EnsureAsync, ring.RewrapAsync,
                () => ring.RotateAsync(null, Precondition.Unconditional),
                () => ring.RotateNowAsync(null, "r", Precondition.Unconditional),
                () => ring.PromoteAsync(1, true, Precondition.Unconditional),
                () => ring.RevokeAsync(1, "r", Precondition.Unconditional),
                () => ring.DestroyAsync(1, Precondition.Unconditional),
                () => cluster.Grains.KeyRings("local").RewrapAsync(1),
                // Of its own: the audit chain signs that a key was made, and holds a lease from then on.
                () => cluster.Grains.Signer(GatehouseCluster.NewName(), 0).SignAsync(null, [[1]]),
            })
            {
                cluster.Rings.Failure = failure;
                var refused = await RefusedAsync(call());
                cluster.Rings.Failure = null;

                Assert.Equal((reason, applied), (refused.Reason, refused.Applied));
            }
        }
    }

    [Fact]
    public async Task Counter_AQueueThatIsTooLong_RefusesTheRestAtOnce()
    {
        const int Max = 5_000;
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var key = await cluster.SubjectAsync(Policy);
        // The first call waits for the store for as long as fake time stands still.
        cluster.Counts.Stop();

        var calls = Enumerable.Range(0, Max + 500).Select(_ => cluster.CheckAsync(key).AsTask()).ToList();
        var refused = 0;
        while (refused < 400)
        {
            var ended = await Task.WhenAny(calls);
            calls.Remove(ended);
            await Assert.ThrowsAsync<LimitExceededException>(() => ended);
            refused++;
        }

        cluster.Counts.Continue();
        var rest = await Task.WhenAll(calls.Select(async call => await call.ContinueWith(
            ended => ended.Exception?.InnerException, TaskScheduler.Default)));
        Assert.All(rest, failure => Assert.True(failure is null or LimitExceededException));
        Assert.InRange(rest.Count(failure => failure is null), Max - 100, Max + 100);
    }

    private static IEnumerable<(Exception Failure, string Reason, Applied Applied)> Failures() =>
        KnownFailures.All.Select(row => (row.Data.Item1, row.Data.Item2, row.Data.Item3));

    /// <summary>Of an activation that could not read its state, the runtime wraps the cause.</summary>
    private static async Task<ServiceOverloadedException> RefusedAsync(Task call)
    {
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => call);
        return failure as ServiceOverloadedException
            ?? Assert.IsType<ServiceOverloadedException>(Assert.IsAssignableFrom<OrleansException>(failure).InnerException);
    }

    /// <summary>Time for it to be tried again, and as many successes as it takes.</summary>
    private static async Task CloseCircuitAsync(GatehouseCluster cluster)
    {
        var silo = cluster.Cluster.GetSiloServiceProvider(cluster.Cluster.Silos[0].SiloAddress);
        var guard = silo.GetRequiredKeyedService<StoreGuard>(GuardedStores.State);
        cluster.Time.Advance(TimeSpan.FromSeconds(10));
        for (var i = 0; i < 3; i++)
        {
            await guard.RunAsync(CallKind.Read, 0, static _ => Task.FromResult(true));
        }
    }
}
