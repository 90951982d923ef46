using System.Text.Json;
using Gatehouse.Chaos.Tests.Clusters;
using Gatehouse.Chaos.Tests.RateLimiting.Checkers;

namespace Gatehouse.Chaos.Tests.RateLimiting.Scenarios;

/// <summary>One policy for each algorithm, all warm: what a young region costs has its own tests.</summary>
internal static class LoadPolicies
{
    public const string Tenant = "acme";

    private const int Units = 60;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(6);

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

    public static async Task PutAsync(ChaosCluster cluster, IEnumerable<Limit> limits)
    {
        await ExpectWrittenAsync(await cluster.Hosts[0].PutTenantAsync(Tenant));
        foreach (var limit in limits)
        {
            await ExpectWrittenAsync(await cluster.Hosts[0].PutPolicyAsync(Tenant, limit.Policy, Document(limit)));
        }
    }

    private static Task ExpectWrittenAsync((int Status, JsonElement Body) answer)
    {
        Assert.True(answer.Status is 200 or 201, $"{answer.Status} {answer.Body}");
        return Task.CompletedTask;
    }

    private static string Document(Limit limit) => JsonSerializer.Serialize(new
    {
        limit = limit.Units,
        window = limit.Window,
        algorithm = $"{limit.Law}",
        coldStart = new { duration = TimeSpan.Zero },
        global = limit.GlobalUnits is { } units
            ? new { mode = "eventual", multiplier = (decimal)units / limit.Units }
            : new { mode = "off", multiplier = 2m },
    });
}
