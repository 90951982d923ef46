using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.Abstractions.Tenants;
using Gatehouse.Grains.SigningKeys;
using Gatehouse.Grains.SigningKeys.Signing;

namespace Gatehouse.Cluster.Tests.SigningKeys;

/// <summary>What tests of key rings do alike.</summary>
internal static class KeyRingCluster
{
    /// <summary>A tenant whose v1 signs, with a v2 published behind it if the test wants one.</summary>
    public static async Task<string> RingAsync(this GatehouseCluster cluster, bool rotated = false)
    {
        var tenant = GatehouseCluster.NewName();
        await cluster.Grains.KeyRing(tenant).EnsureAsync();
        if (rotated)
        {
            await cluster.Grains.KeyRing(tenant).RotateAsync(null, Precondition.Unconditional);
        }

        return tenant;
    }

    public static RingSigners SignaturesOf(this GatehouseCluster cluster, int silo) => cluster.Changes.Signers[silo];

    public static KeyRingState RingOf(this GatehouseCluster cluster, string tenant) =>
        System.Text.Json.JsonSerializer.Deserialize<KeyRingState>(cluster.Rings.Backup(tenant)!)!;

    public static Task<KeyRingChange> RevokeAsync(this GatehouseCluster cluster, string tenant, int number) =>
        cluster.Grains.KeyRing(tenant).RevokeAsync(number, "leaked", Precondition.Unconditional);

    /// <summary>Moves time on in small steps until it is so.</summary>
    public static async Task DriveUntilAsync(this GatehouseCluster cluster, Func<bool> condition)
    {
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            cluster.Time.Advance(TimeSpan.FromMilliseconds(50));
            await Task.Delay(1, end.Token);
        }
    }

    /// <summary>Waits, in real time, for what other threads do.</summary>
    public static async Task UntilAsync(this GatehouseCluster cluster, Func<bool> condition)
    {
        _ = cluster;
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            await Task.Delay(1, end.Token);
        }
    }
}
