using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.RateLimiting;

/// <summary>
/// Counts the subjects this silo tracks, so that a flood of distinct addresses cannot exhaust its memory.
/// </summary>
internal sealed class TrackedSubjects(IOptions<RateLimitingOptions> options)
{
    private readonly int _max = options.Value.TrackedSubjectsMax;
    private int _count;
    private long _overflows;

    public int Count => Volatile.Read(ref _count);

    public long Overflows => Volatile.Read(ref _overflows);

    /// <summary>Takes a place; false when all are taken.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _count) <= _max)
        {
            return true;
        }

        Interlocked.Decrement(ref _count);
        Interlocked.Increment(ref _overflows);
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _count);
}
