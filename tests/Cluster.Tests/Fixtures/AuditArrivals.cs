using System.Collections.Concurrent;
using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Cluster.Tests.Fixtures;

/// <summary>
/// Says when appends have reached their chain's grain: what is sent one after the other need not arrive so.
/// </summary>
internal sealed class AuditArrivals : IIncomingGrainCallFilter
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, SemaphoreSlim> _appends = new(StringComparer.Ordinal);

    public Task Invoke(IIncomingGrainCallContext context)
    {
        // It runs until it first waits: then an append is in the queue.
        var call = context.Invoke();
        if (context.MethodName == nameof(IAuditChainGrain.AppendAsync))
        {
            Of(context.TargetId.Key.ToString()!).Release();
        }

        return call;
    }

    /// <summary>Waits until that many appends have arrived which were not waited for before.</summary>
    public async Task ArriveAsync(string tenant, int count)
    {
        for (var i = 0; i < count; i++)
        {
            Assert.True(await Of(tenant).WaitAsync(Patience), $"{i} of {count} appends have arrived.");
        }
    }

    private SemaphoreSlim Of(string tenant) => _appends.GetOrAdd(tenant, static _ => new SemaphoreSlim(0));
}
