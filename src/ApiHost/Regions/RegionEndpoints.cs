using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.OpenApi;
using Gatehouse.ApiHost.Overload;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Regions;
using Gatehouse.Silo;

namespace Gatehouse.ApiHost.Regions;

/// <summary>A region and its age.</summary>
internal sealed record RegionResponse
{
    /// <summary>The region's name.</summary>
    public required string Region { get; init; }

    /// <summary>When the region's store first saw it; null while that is unknown.</summary>
    public required DateTimeOffset? StartedAt { get; init; }

    /// <summary>Its age; null while that is unknown.</summary>
    public required long? AgeSeconds { get; init; }

    /// <summary>
    /// Whether policies with the default cold start are reduced now. A region of unknown age is cold.
    /// </summary>
    public required bool Cold { get; init; }

    /// <summary>The share of the limit that a cold region admits, by default.</summary>
    public required decimal Factor { get; init; }

    /// <summary>When the region stops being cold, by default; null while its age is unknown.</summary>
    public required DateTimeOffset? ColdUntil { get; init; }

    /// <summary>
    /// How long ago another region was last heard by the global store; null for the region that answers.
    /// </summary>
    public required long? HeardAgoMs { get; init; }

    public static RegionResponse From(RegionAge age)
    {
        var coldStart = RateLimitPolicy.BuiltIn.ColdStart;
        var coldUntil = age.StartedAt + coldStart.Duration;
        return new RegionResponse
        {
            Region = age.Region,
            StartedAt = age.StartedAt,
            AgeSeconds = (long?)(age.StoreTime - age.StartedAt)?.TotalSeconds,
            Cold = coldUntil is null || age.StoreTime < coldUntil,
            Factor = coldStart.Factor,
            ColdUntil = coldUntil,
            HeardAgoMs = (long?)age.HeardAgo?.TotalMilliseconds,
        };
    }
}

/// <summary>The regions of this deployment. Without a global store a region knows itself only.</summary>
internal static class RegionEndpoints
{
    public static void MapRegions(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/regions").WithTags("Regions").RequireCredential().TakesTurns();
        group.MapGet("/", ListAsync).WithName("ListRegions")
            .Produces<ListResponse<RegionResponse>>().ProducesProblems();
        group.MapGet("/{region}", GetAsync).WithName("GetRegion").Produces<RegionResponse>().ProducesProblems(404);
    }

    /// <summary>List regions and their age</summary>
    /// <remarks>This region, and those that the global store heard of in the last day.</remarks>
    internal static async Task<IResult> ListAsync(IGrainFactory grains, GatehouseOptions options) => TypedResults.Ok(
        new ListResponse<RegionResponse>(
            [
                .. (await grains.Region(options.Region).ListAsync()).Select(RegionResponse.From)
                    .OrderBy(region => region.Region, StringComparer.Ordinal),
            ],
            Next: null));

    /// <summary>Read one region's age</summary>
    internal static async Task<IResult> GetAsync(string region, IGrainFactory grains, GatehouseOptions options)
    {
        var known = await grains.Region(options.Region).ListAsync();
        return known.FirstOrDefault(age => age.Region == region) is { } found
            ? TypedResults.Ok(RegionResponse.From(found))
            : Problems.RegionNotFound();
    }
}
