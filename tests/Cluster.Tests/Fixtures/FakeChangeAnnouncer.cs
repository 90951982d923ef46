using System.Collections.Concurrent;
using Gatehouse.Grains.Abstractions.Changes;
using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.Cluster.Tests.Fixtures;

/// <summary>Keeps what the grains of a cluster announced; nobody hears it.</summary>
internal sealed class FakeChangeAnnouncer : IChangeAnnouncer
{
    public ConcurrentQueue<RateLimitKey> Subjects { get; } = new();

    public ConcurrentQueue<(string Tenant, string Version)> Tenants { get; } = new();

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
}
