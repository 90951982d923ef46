using Gatehouse.Grains.Regions;

namespace Gatehouse.Cluster.Tests.Fixtures;

/// <summary>The region's record in fake time, one for all silos of a cluster.</summary>
internal sealed class FakeRegionStore(TimeProvider time) : IRegionStore
{
    private RegionStart? _start;

    public bool IsDown { get; set; }

    public void Flush() => _start = null;

    public Task<RegionStart> StartAsync(string region)
    {
        if (IsDown)
        {
            throw new TimeoutException("The store does not answer.");
        }

        _start ??= new RegionStart(time.GetUtcNow(), Guid.NewGuid().ToString("n"), time.GetUtcNow());
        return Task.FromResult(_start with { StoreTime = time.GetUtcNow() });
    }

    public Task<string?> GenerationAsync(string region) =>
        IsDown ? throw new TimeoutException("The store does not answer.") : Task.FromResult(_start?.Generation);
}
