using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.ApiHost.RateLimiting;

/// <summary>
/// A few places for refusals. Which set a key belongs to follows from its hash, so the number of sets bounds the cache
/// and nothing has to be kept in order. Reading takes no lock.
/// </summary>
internal sealed class DenySet
{
    public const int Places = 8;

    private readonly Lock _lock = new();
    private readonly Denial?[] _places = new Denial?[Places];
    private int _changes;

    /// <summary>Rises with each subject that is forgotten: what was asked before must not be kept after.</summary>
    public int Changes => Volatile.Read(ref _changes);

    public Denial? Find(int hash, in RateLimitKey key)
    {
        for (var i = 0; i < _places.Length; i++)
        {
            if (Volatile.Read(ref _places[i]) is { } denial && denial.Hash == hash && denial.Key == key)
            {
                return denial;
            }
        }

        return null;
    }

    /// <summary>
    /// Keeps a refusal, unless one of a smaller cost is there already or a subject of the set was forgotten since
    /// <paramref name="changes"/> was read. Answers the one that had to go for it, if one did.
    /// </summary>
    public Denial? Put(Denial denial, int changes, long now)
    {
        lock (_lock)
        {
            var place = PlaceFor(denial);
            var before = _places[place];
            var isSame = before is not null && before.Key == denial.Key;
            if (changes != _changes || (isSame && before!.Cost < denial.Cost && before.IsUsable(denial.Epoch, now)))
            {
                return null;
            }

            Volatile.Write(ref _places[place], denial);
            return isSame ? null : before;
        }
    }

    /// <summary>Forgets a subject; answers whether there was anything to forget.</summary>
    public bool Forget(int hash, in RateLimitKey key)
    {
        lock (_lock)
        {
            _changes++;
            var found = false;
            for (var i = 0; i < _places.Length; i++)
            {
                if (_places[i] is { } denial && denial.Hash == hash && denial.Key == key)
                {
                    Volatile.Write(ref _places[i], null);
                    found = true;
                }
            }

            return found;
        }
    }

    /// <summary>Forgets one refusal that turned out to be outdated.</summary>
    public bool Drop(Denial denial)
    {
        lock (_lock)
        {
            var place = Array.IndexOf(_places, denial);
            if (place >= 0)
            {
                Volatile.Write(ref _places[place], null);
            }

            return place >= 0;
        }
    }

    public int Count(long epoch, long now) => _places.Count(denial => denial?.IsUsable(epoch, now) is true);

    /// <summary>
    /// The subject's own place, else the one that is of use for the shortest time: an empty one is of none.
    /// </summary>
    private int PlaceFor(Denial denial)
    {
        var (best, bestEnd) = (0, long.MaxValue);
        for (var i = 0; i < _places.Length; i++)
        {
            var other = _places[i];
            if (other is not null && other.Hash == denial.Hash && other.Key == denial.Key)
            {
                return i;
            }

            var end = other is null || other.Epoch != denial.Epoch ? 0 : other.EndsAt;
            (best, bestEnd) = end < bestEnd ? (i, end) : (best, bestEnd);
        }

        return best;
    }
}
