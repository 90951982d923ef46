using System.Text.Json;
using System.Text.RegularExpressions;
using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.Clusters;

/// <summary>What the silos of a region wrote of each other.</summary>
internal static partial class Membership
{
    private const int Dead = 6;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Waits until the others declare the silo dead. The table gives no signal, so it is asked.</summary>
    public static async Task DeclaredDeadAsync(ChaosCluster cluster, GatehouseProcess silo)
    {
        var address = ReadyLine().Match(silo.Output).Groups["address"].Value;
        await using var redis = await cluster.Redis.ConnectAsync();
        var database = redis.GetDatabase();
        await Eventually.HoldsAsync(
            async () => (await database.HashGetAllAsync($"gatehouse/members/{cluster.Region}")).Any(row =>
                $"{row.Name}".StartsWith($"S{address}:", StringComparison.Ordinal) && StatusOf($"{row.Value}") == Dead),
            Patience);
    }

    private static int StatusOf(string row) => JsonDocument.Parse(row).RootElement.GetProperty("Status").GetInt32();

    [GeneratedRegex(@"Gatehouse silo is ready\. .*, silo (?<address>[\d.:]+), ")]
    private static partial Regex ReadyLine();
}
