using Gatehouse.Grains.RateLimiting.Ceilings;

namespace Gatehouse.Grains.Tests.RateLimiting;

/// <summary>What the script promises for one subject, in plain code; the real stores are held against it.</summary>
internal sealed class CeilingModel
{
    private readonly SortedDictionary<long, long> _counts = [];
    private readonly Dictionary<string, (long Last, long First)> _owners = [];
    private long _windowMs;
    private OpeningDebt _debt;

    public long Total => _counts.Values.Sum();

    public IReadOnlyDictionary<long, long> Counts => _counts;

    public ReserveAnswer Reserve(string owner, ReserveRequest request)
    {
        var (prior, first) = _owners.GetValueOrDefault(owner, (0, request.Sequence));
        var isOther = _windowMs != 0 && _windowMs != request.WindowMs;
        if (isOther && _windowMs != request.Replaces)
        {
            return Answer(isApplied: false, first);
        }

        if (prior < request.Sequence)
        {
            first = prior > 0 && prior < request.Sequence - 1 ? request.Sequence : first;
            if (isOther)
            {
                first = request.Sequence;
                Clear();
            }

            _windowMs = request.WindowMs;
            _owners[owner] = (request.Sequence, first);
            _debt = request.Opening.AtMs > 0 && request.Opening.AtMs >= _debt.AtMs ? request.Opening : _debt;
            foreach (var (bucket, count) in request.Changes)
            {
                _counts[bucket] = Math.Max(0, _counts.GetValueOrDefault(bucket) + count);
            }

            foreach (var bucket in _counts.Keys.Where(b => b < request.Oldest || _counts[b] == 0).ToList())
            {
                _counts.Remove(bucket);
            }
        }

        return Answer(isApplied: true, first);
    }

    /// <summary>A replica of it, as it is now.</summary>
    public CeilingModel Copy()
    {
        var copy = new CeilingModel();
        copy.TakeOver(this);
        return copy;
    }

    /// <summary>That replica takes over: what this one has acknowledged since is lost.</summary>
    public void TakeOver(CeilingModel replica)
    {
        Clear();
        (_windowMs, _debt) = (replica._windowMs, replica._debt);
        foreach (var (bucket, count) in replica._counts)
        {
            _counts[bucket] = count;
        }

        foreach (var (owner, known) in replica._owners)
        {
            _owners[owner] = known;
        }
    }

    /// <summary>The store was flushed.</summary>
    public void Clear()
    {
        _counts.Clear();
        _owners.Clear();
        (_windowMs, _debt) = (0, default);
    }

    private ReserveAnswer Answer(bool isApplied, long first) => new()
    {
        IsApplied = isApplied,
        WindowMs = _windowMs,
        FirstSequence = first,
        Opening = _debt,
        Counts = _counts.Select(entry => new BucketCount(entry.Key, entry.Value)).ToList(),
    };
}
