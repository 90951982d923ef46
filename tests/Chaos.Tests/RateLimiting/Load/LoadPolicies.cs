using System.Text.Json;
using Gatehouse.Chaos.Tests.Clusters;
using Gatehouse.Chaos.Tests.RateLimiting.Checkers;

namespace Gatehouse.Chaos.Tests.RateLimiting.Load;

/// <summary>One policy for each algorithm.</summary>
internal static class LoadPolicies
{
    /// <summary>No call of the load costs more.</summary>
    public const int CostMax = 2;

    public const double ColdFactor = 0.5;

    private const int Units = 60;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(6);

    /// <summary>How long a region is young, where that is what a scenario is about.</summary>
    public static TimeSpan ColdFor { get; } = TimeSpan.FromSeconds(20);

    /// <summary>Each region limits for itself.</summary>
    public static IReadOnlyList<Limit> Regional { get; } =
        [.. LimitLaws.All.Select(law => new Limit($"{law}", law, Units, Window))];

    /// <summary>So many regions together admit at most twice what each of them may.</summary>
    public static IReadOnlyList<Limit> Global(int regions) => [.. Regional.Select(limit => limit with
    {
        GlobalUnits = 2 * limit.Units,
        Regions = regions,
        KnowledgeAgeMax = 2 * ChaosRegions.SyncInterval,
    })];

    /// <summary>The most calls that no limit of a region refuses, if they are spread over the window.</summary>
    public static double UnitsPerSecond => Units / Window.TotalSeconds;

    /// <param name="cluster">The region.</param>
    /// <param name="tenant">Whose they are.</param>
    /// <param name="limits">What they are.</param>
    /// <param name="coldFor">How long they are reduced in a young region. Default: not at all.</param>
    public static async Task PutAsync(
        ChaosCluster cluster, string tenant, IEnumerable<Limit> limits, TimeSpan coldFor = default)
    {
        await cluster.PutTenantAsync(tenant);
        foreach (var limit in limits)
        {
            var (status, body) = await cluster.Hosts[0].PutPolicyAsync(tenant, limit.Policy, Document(limit, coldFor));
            Assert.True(status is 200 or 201, $"{status} {body}");
        }
    }

    private static string Document(Limit limit, TimeSpan coldFor) => JsonSerializer.Serialize(new
    {
        limit = limit.Units,
        window = limit.Window,
        algorithm = $"{limit.Law}",
        coldStart = new { duration = coldFor, factor = ColdFactor },
        global = limit.GlobalUnits is { } units
            ? new { mode = "eventual", multiplier = (decimal)units / limit.Units }
            : new { mode = "off", multiplier = 2m },
    });
}
