using Gatehouse.Grains.Abstractions.Membership;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Regions;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.Grains.Abstractions;

/// <summary>Typed access to every grain: the one place that builds keys.</summary>
public static class GrainFactoryExtensions
{
    /// <summary>The counter of one (tenant, policy, subject).</summary>
    public static IRateLimitGrain RateLimit(this IGrainFactory grains, in RateLimitKey key) =>
        grains.GetGrain<IRateLimitGrain>(key.ToString());

    /// <summary>One tenant's document.</summary>
    public static ITenantGrain Tenant(this IGrainFactory grains, string tenant) =>
        grains.GetGrain<ITenantGrain>(tenant);

    /// <summary>One region's age.</summary>
    public static IRegionGrain Region(this IGrainFactory grains, string region) =>
        grains.GetGrain<IRegionGrain>(region);

    /// <summary>The silos of one region.</summary>
    public static IClusterGrain Cluster(this IGrainFactory grains, string region) =>
        grains.GetGrain<IClusterGrain>(region);
}
