using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.OpenApi;
using Gatehouse.ApiHost.Overload;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Membership;
using Gatehouse.Silo;

namespace Gatehouse.ApiHost.Membership;

/// <summary>The silos of this region.</summary>
internal sealed record ClusterResponse
{
    /// <summary>The region's name.</summary>
    public required string Region { get; init; }

    /// <summary>
    /// <c>intact</c>; <c>lost</c>: the table does not name the silo that answers, so a second cluster can form;
    /// <c>unknown</c>: the table cannot be read now.
    /// </summary>
    public required TableVerdict Membership { get; init; }

    /// <summary>Every silo that is not dead.</summary>
    public required IReadOnlyList<SiloResponse> Silos { get; init; }

    public static ClusterResponse From(ClusterView view) => new()
    {
        Region = view.Region,
        Membership = view.Table,
        Silos = [.. view.Silos.Select(silo => SiloResponse.From(silo, view.Region))],
    };
}

/// <summary>One silo.</summary>
internal sealed record SiloResponse
{
    /// <summary>Address, port and generation: a silo that is started anew has another one.</summary>
    public required string Address { get; init; }

    /// <summary><c>joining</c>, <c>active</c> or <c>leaving</c>.</summary>
    public required SiloPhase Status { get; init; }

    /// <summary>The region it serves.</summary>
    public required string Region { get; init; }

    /// <summary>
    /// Whether the silo that answers has it in its cluster; false: it is a member of another one.
    /// </summary>
    public required bool InCluster { get; init; }

    /// <summary>Whether the membership table names it.</summary>
    public required bool InTable { get; init; }

    /// <summary>When it was started, by its own clock; null when the table does not say.</summary>
    public required DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it last wrote to the table, by its own clock; null when the table does not say.</summary>
    public required DateTimeOffset? AliveAt { get; init; }

    /// <summary>Grains in its memory; null when it did not answer within two seconds.</summary>
    public required int? Activations { get; init; }

    public static SiloResponse From(SiloView silo, string region) => new()
    {
        Address = silo.Address,
        Status = silo.Status,
        Region = region,
        InCluster = silo.IsKnown,
        InTable = silo.IsInTable,
        StartedAt = silo.StartedAt,
        AliveAt = silo.AliveAt,
        Activations = silo.Activations,
    };
}

/// <summary>Who serves this region, for its operators.</summary>
internal static class ClusterEndpoints
{
    public static void MapCluster(this IEndpointRouteBuilder routes) =>
        routes.MapGroup("/v1/cluster").WithTags("Regions").RequireAdmin().TakesTurns()
            .MapGet("/", GetAsync).WithName("GetCluster")
            .Produces<ClusterResponse>().ProducesProblems();

    /// <summary>Read the silos of this region</summary>
    /// <remarks>
    /// As one silo of the region sees them. After a loss of the membership table silos can see different clusters: ask
    /// each API host.
    /// </remarks>
    internal static async Task<IResult> GetAsync(IGrainFactory grains, GatehouseOptions options) =>
        TypedResults.Ok(ClusterResponse.From(await grains.Cluster(options.Region).ViewAsync()));
}
