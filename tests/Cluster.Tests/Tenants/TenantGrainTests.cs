using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.Cluster.Tests.Tenants;

/// <summary>One tenant's document over a store that can fail at the worst moment.</summary>
public class TenantGrainTests
{
    private static readonly RateLimitPolicy Policy = RateLimitPolicy.BuiltIn with { Limit = 7 };

    [Fact]
    public async Task Tenant_FromCreationToDisabling_ShowsWhatWasDone()
    {
        await using var cluster = await GatehouseCluster.StartAsync();
        var tenant = cluster.Grains.Tenant(GatehouseCluster.NewName());
        Assert.Equal(TenantStatus.Absent, (await tenant.GetAsync(null))!.Status);

        Assert.Equal(TenantChangeOutcome.Created, (await tenant.PutAsync(Precondition.Unconditional)).Outcome);
        Assert.Equal(TenantChangeOutcome.Done, (await tenant.PutAsync(Precondition.Unconditional)).Outcome);
        await tenant.PutPolicyAsync("login", Policy, Precondition.Unconditional);
        var snapshot = (await tenant.GetAsync(null))!;
        Assert.Equal(7, snapshot.Policies["login"].Policy.Limit);
        Assert.Equal(100, snapshot.Policies["default"].Policy.Limit);
        Assert.Null(await tenant.GetAsync(snapshot.Version));

        await tenant.DisableAsync(Precondition.Unconditional);
        Assert.Equal(TenantStatus.Disabled, (await tenant.GetAsync(snapshot.Version))!.Status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task PutPolicy_StoreFails_SaysUnknownAndThenTellsTheTruth(bool isApplied)
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var tenant = cluster.Grains.Tenant(GatehouseCluster.NewName());
        await tenant.PutAsync(Precondition.Unconditional);
        (cluster.Tenants.FailsAfterWrite, cluster.Tenants.FailsBeforeWrite) = (isApplied, !isApplied);

        var refused = await Assert.ThrowsAsync<ServiceOverloadedException>(
            () => tenant.PutPolicyAsync("login", Policy, Precondition.Unconditional));
        (cluster.Tenants.FailsAfterWrite, cluster.Tenants.FailsBeforeWrite) = (false, false);

        Assert.Equal(Applied.Unknown, refused.Applied);
        Assert.Equal(TimeSpan.FromSeconds(5), refused.RetryAfter);
        Assert.Equal(isApplied, (await tenant.GetAsync(null))!.Policies.ContainsKey("login"));
    }

    [Fact]
    public async Task Invalid_IsRefusedWithFieldAndRule_AndChangesNothing()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var tenant = cluster.Grains.Tenant(GatehouseCluster.NewName());
        await tenant.PutAsync(Precondition.Unconditional);
        var before = (await tenant.GetAsync(null))!.Version;

        var change = await tenant.PutPolicyAsync("login", Policy with { Limit = 0 }, Precondition.Unconditional);

        Assert.Equal(TenantChangeOutcome.Invalid, change.Outcome);
        Assert.Equal("limit", Assert.Single(change.Faults).Field);
        Assert.Null(await tenant.GetAsync(before));
    }

    [Fact]
    public async Task IfMatch_OfAnOlderPolicy_IsRefused()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var tenant = cluster.Grains.Tenant(GatehouseCluster.NewName());
        await tenant.PutAsync(Precondition.Unconditional);
        var first = await tenant.PutPolicyAsync("login", Policy, Precondition.Unconditional);
        await tenant.PutPolicyAsync("login", Policy with { Limit = 8 }, Precondition.Unconditional);

        var stale = new Precondition([first.Snapshot!.Policies["login"].ETag], IfAbsent: false);
        var change = await tenant.PutPolicyAsync("login", Policy with { Limit = 9 }, stale);

        Assert.Equal(TenantChangeOutcome.PreconditionFailed, change.Outcome);
    }
}
