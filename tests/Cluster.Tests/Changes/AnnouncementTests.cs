using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.Cluster.Tests.Changes;

/// <summary>What other hosts remember is announced as outdated when it is, and not before it is durable.</summary>
public class AnnouncementTests
{
    [Fact]
    public async Task RefundAndReset_AnnounceTheSubject_ChecksDoNot()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var key = await cluster.SubjectAsync(RateLimitPolicy.BuiltIn);
        await cluster.CheckAsync(key);
        await cluster.CheckAsync(key, cost: 0);
        Assert.Empty(cluster.Changes.Subjects);

        await cluster.Grains.RateLimit(key).RefundAsync(1);
        await cluster.Grains.RateLimit(key).ResetAsync();

        Assert.Equal([key, key], cluster.Changes.Subjects);
    }

    [Fact]
    public async Task Reset_ThatFailed_AnnouncesNothing()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var key = await cluster.SubjectAsync(RateLimitPolicy.BuiltIn);
        cluster.Counts.IsDown = true;

        await Assert.ThrowsAsync<ServiceOverloadedException>(() => cluster.Grains.RateLimit(key).ResetAsync().AsTask());

        Assert.Empty(cluster.Changes.Subjects);
    }

    [Fact]
    public async Task TenantChanges_AnnounceTheVersionThatWasWritten()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var name = GatehouseCluster.NewName();
        var tenant = cluster.Grains.Tenant(name);
        var created = await tenant.PutAsync(Precondition.Unconditional);
        var changed = await tenant.PutPolicyAsync("p", RateLimitPolicy.BuiltIn, Precondition.Unconditional);
        var disabled = await tenant.DisableAsync(Precondition.Unconditional);

        await tenant.PutPolicyAsync("p", RateLimitPolicy.BuiltIn with { Limit = 0 }, Precondition.Unconditional);
        cluster.Tenants.FailsBeforeWrite = true;
        await Assert.ThrowsAsync<ServiceOverloadedException>(() => tenant.PutAsync(Precondition.Unconditional));

        Assert.Equal(
            new[] { created, changed, disabled }.Select(change => (name, change.Snapshot!.Version)),
            cluster.Changes.Tenants);
    }
}
