using System.Collections.Concurrent;
using Gatehouse.Grains.Abstractions.Changes;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.SigningKeys;
using Gatehouse.Grains.SigningKeys.Signing;

namespace Gatehouse.Cluster.Tests.Fixtures;

/// <summary>Keeps what the grains of a cluster announced; of rings, those who sign with them hear.</summary>
internal sealed class FakeChangeAnnouncer : IChangeAnnouncer
{
    public ConcurrentQueue<RateLimitKey> Subjects { get; } = new();

    public ConcurrentQueue<(string Tenant, string Version)> Tenants { get; } = new();

    /// <summary>Who hears of rings: one per silo, unless a test makes some of them deaf.</summary>
    public IReadOnlyList<RingSigners> Signers { get; set; } = [];

    /// <summary>How long after an announcement each of them hears it, in real time; null: never. Default: at once.</summary>
    public Func<int, TimeSpan?> HearsAfter { get; set; } = _ => TimeSpan.Zero;

    public Task SubjectChangedAsync(RateLimitKey key)
    {
        Subjects.Enqueue(key);
        return Task.CompletedTask;
    }

    public Task TenantChangedAsync(string tenant, string version)
    {
        Tenants.Enqueue((tenant, version));
        return Task.CompletedTask;
    }

    public Task RingChangedAsync(string tenant, string version)
    {
        foreach (var (silo, signers) in Signers.Index())
        {
            _ = TellAsync(signers, HearsAfter(silo), tenant, version);
        }

        return Task.CompletedTask;
    }

    private static async Task TellAsync(RingSigners signers, TimeSpan? after, string tenant, string version)
    {
        if (after > TimeSpan.Zero)
        {
            await Task.Delay(after.Value);
        }

        if (after is not null)
        {
            signers.RingChanged(tenant, version);
        }
    }
}
