using System.Globalization;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Idempotency;
using Gatehouse.Grains.Abstractions.Membership;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Regions;
using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.Abstractions.Tenants;
using Orleans.Runtime;

namespace Gatehouse.Grains.Abstractions;

/// <summary>Typed access to every grain: the one place that builds keys.</summary>
public static class GrainFactoryExtensions
{
    private static volatile CounterKind? _counters;

    private static volatile LaneKind? _lanes;

    private sealed record CounterKind(GrainType Type, GrainInterfaceType Interface);

    private sealed record LaneKind(GrainId[] Ids, GrainInterfaceType Interface);

    /// <summary>The counter of one (tenant, policy, subject).</summary>
    public static IRateLimitGrain RateLimit(this IGrainFactory grains, in RateLimitKey key)
    {
        // Each check asks for another grain. Orleans finds the grain type of an interface by reflection and formatted
        // names, for about half of what a call costs, and every time; so it is asked once.
        if (_counters is { } known)
        {
            return (IRateLimitGrain)grains.GetGrain(GrainId.Create(known.Type, key.ToString()), known.Interface);
        }

        var counter = grains.GetGrain<IRateLimitGrain>(key.ToString());
        if (counter is GrainReference reference)
        {
            _counters = new CounterKind(reference.GrainId.Type, reference.InterfaceType);
        }

        return counter;
    }

    /// <summary>One tenant's document.</summary>
    public static ITenantGrain Tenant(this IGrainFactory grains, string tenant) =>
        grains.GetGrain<ITenantGrain>(tenant);

    /// <summary>One region's age.</summary>
    public static IRegionGrain Region(this IGrainFactory grains, string region) =>
        grains.GetGrain<IRegionGrain>(region);

    /// <summary>The silos of one region.</summary>
    public static IClusterGrain Cluster(this IGrainFactory grains, string region) =>
        grains.GetGrain<IClusterGrain>(region);

    /// <summary>One tenant's audit chain.</summary>
    public static IAuditChainGrain AuditChain(this IGrainFactory grains, string tenant) =>
        grains.GetGrain<IAuditChainGrain>(tenant);

    /// <summary>Reads one tenant's audit chain.</summary>
    public static IAuditReaderGrain AuditReader(this IGrainFactory grains, string tenant) =>
        grains.GetGrain<IAuditReaderGrain>(tenant);

    /// <summary>What concerns the audit chains of all tenants of one region.</summary>
    public static IAuditChainsGrain AuditChains(this IGrainFactory grains, string region) =>
        grains.GetGrain<IAuditChainsGrain>(region);

    /// <summary>One idempotency key of one endpoint of one tenant.</summary>
    /// <param name="grains">The factory.</param>
    /// <param name="tenant">The tenant.</param>
    /// <param name="endpoint">The endpoint, a method and a path without the ids in it.</param>
    /// <param name="key">The caller's key.</param>
    public static IdempotencyKeyHandle Idempotency(
        this IGrainFactory grains, string tenant, string endpoint, string key)
    {
        var name = IdempotencyKeyName.Of(tenant, endpoint, key);
        var lane = IdempotencyKeyHandle.LaneOf(name);
        // As for counters: each call is for another lane.
        if (_lanes is { } known)
        {
            return new((IIdempotencyGrain)grains.GetGrain(known.Ids[lane], known.Interface), name);
        }

        var grain = grains.GetGrain<IIdempotencyGrain>(lane);
        if (grain is GrainReference reference)
        {
            _lanes = new LaneKind(
                [
                    .. Enumerable.Range(0, IdempotencyKeyHandle.Lanes).Select(number => GrainId.Create(
                        reference.GrainId.Type, GrainIdKeyExtensions.CreateIntegerKey(number))),
                ],
                reference.InterfaceType);
        }

        return new(grain, name);
    }

    /// <summary>One tenant's key ring.</summary>
    public static IKeyRingGrain KeyRing(this IGrainFactory grains, string tenant) =>
        grains.GetGrain<IKeyRingGrain>(tenant);

    /// <summary>
    /// Signs for one tenant, on the silo that the call arrives at. A client sends all calls of one key to one silo:
    /// <paramref name="lane"/>, any small number, spreads those of one tenant.
    /// </summary>
    public static ISignerGrain Signer(this IGrainFactory grains, string tenant, int lane) =>
        grains.GetGrain<ISignerGrain>(string.Create(CultureInfo.InvariantCulture, $"{lane}/{tenant}"));

    /// <summary>What concerns the key rings of all tenants of one region.</summary>
    public static IKeyRingsGrain KeyRings(this IGrainFactory grains, string region) =>
        grains.GetGrain<IKeyRingsGrain>(region);
}
