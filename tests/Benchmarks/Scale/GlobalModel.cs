using Gatehouse.Grains.RateLimiting.Global;

namespace Gatehouse.Benchmarks.Scale;

/// <summary>What the global store's script promises for one subject, in plain code.</summary>
internal sealed class GlobalModel
{
    private readonly Dictionary<string, Ring> _regions = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, long> Exchange(string region, GlobalCounts counts)
    {
        if (!_regions.TryGetValue(region, out var own))
        {
            _regions[region] = own = new Ring();
        }

        foreach (var (bucket, count) in counts.Grown)
        {
            own.Raise(bucket, count);
        }

        var told = new Dictionary<string, long>(_regions.Count, StringComparer.Ordinal);
        foreach (var (name, ring) in _regions)
        {
            told[name] = ring.SumFrom(counts.Oldest);
        }

        return told;
    }

    /// <summary>More buckets than ever count at a time, so that one can take the place of one long gone.</summary>
    private sealed class Ring
    {
        private const int Length = 64;

        private readonly long[] _buckets = new long[Length];
        private readonly long[] _units = new long[Length];

        public void Raise(long bucket, long units)
        {
            var slot = bucket % Length;
            _units[slot] = _buckets[slot] == bucket ? Math.Max(_units[slot], units) : units;
            _buckets[slot] = bucket;
        }

        public long SumFrom(long oldest)
        {
            var sum = 0L;
            for (var slot = 0; slot < Length; slot++)
            {
                sum += _buckets[slot] >= oldest ? _units[slot] : 0;
            }

            return sum;
        }
    }
}
