namespace Gatehouse.Benchmarks;

/// <summary>Counts latencies in steps of a twentieth, without allocating while it is fed.</summary>
internal sealed class LatencyHistogram
{
    private const double Step = 1.05;

    // 1.05^400 microseconds are five minutes.
    private readonly long[] _counts = new long[400];

    public void Add(TimeSpan latency)
    {
        var step = (int)Math.Log(Math.Max(1, latency.TotalMicroseconds), Step);
        _counts[Math.Min(step, _counts.Length - 1)]++;
    }

    public void Add(LatencyHistogram other)
    {
        for (var i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other._counts[i];
        }
    }

    /// <summary>Not less than what so large a share of the calls took, and at most a twentieth more.</summary>
    public TimeSpan Quantile(double share)
    {
        var rank = Math.Ceiling(_counts.Sum() * share);
        var step = 0;
        for (long seen = _counts[0]; seen < rank; seen += _counts[step])
        {
            step++;
        }

        return TimeSpan.FromMicroseconds(Math.Pow(Step, step + 1));
    }
}
