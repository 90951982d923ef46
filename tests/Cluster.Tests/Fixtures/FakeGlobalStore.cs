using Gatehouse.Grains.RateLimiting.Global;
using Gatehouse.Grains.Regions;

namespace Gatehouse.Cluster.Tests.Fixtures;

/// <summary>The store that all regions reach, in fake time; each region can be cut off from it.</summary>
internal sealed class FakeGlobalStore(TimeProvider time) : IGlobalCountStore, IGlobalRegionStore
{
    private readonly Dictionary<(string Key, string Region, long Bucket), long> _counts = [];
    private readonly Dictionary<string, (DateTimeOffset HeardAt, DateTimeOffset? StartedAt)> _regions = [];
    private readonly HashSet<string> _cutOff = [];

    public int Exchanges { get; private set; }

    public void CutOff(string region) => Locked(() => _cutOff.Add(region));

    public void Reconnect(string region) => Locked(() => _cutOff.Remove(region));

    public void Flush() => Locked(() =>
    {
        _counts.Clear();
        return true;
    });

    public Task<IReadOnlyDictionary<string, long>> ExchangeAsync(string key, string region, GlobalCounts counts) =>
        Task.FromResult(Locked<IReadOnlyDictionary<string, long>>(() =>
        {
            ThrowIfCutOff(region);
            Exchanges++;
            foreach (var (bucket, count) in counts.Grown)
            {
                var at = (key, region, bucket);
                _counts[at] = Math.Max(count, _counts.GetValueOrDefault(at));
            }

            return _counts.Where(entry => entry.Key.Key == key && entry.Key.Bucket >= counts.Oldest)
                .GroupBy(entry => entry.Key.Region).ToDictionary(told => told.Key, told => told.Sum(e => e.Value));
        }));

    public Task<IReadOnlyList<HeardRegion>> BeatAsync(string region, DateTimeOffset? startedAt) =>
        Task.FromResult(Locked<IReadOnlyList<HeardRegion>>(() =>
        {
            ThrowIfCutOff(region);
            var now = time.GetUtcNow();
            _regions[region] = (now, startedAt);
            return _regions.Select(entry =>
                new HeardRegion(entry.Key, entry.Value.StartedAt, now - entry.Value.HeardAt)).ToList();
        }));

    private void ThrowIfCutOff(string region)
    {
        if (_cutOff.Contains(region))
        {
            throw new TimeoutException("The store does not answer.");
        }
    }

    private T Locked<T>(Func<T> use)
    {
        lock (_counts)
        {
            return use();
        }
    }
}
