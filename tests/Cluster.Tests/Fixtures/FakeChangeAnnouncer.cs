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
        foreach (var signers in Signers)
        {
            signers.RingChanged(tenant, version);
        }

        return Task.CompletedTask;
    }
}
