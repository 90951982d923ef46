namespace Gatehouse.Grains.Abstractions.Resilience;

/// <summary>
/// One line a second for something that can happen a hundred thousand times a second. Metrics count all of it; the log
/// must not become what is slow.
/// </summary>
public sealed class LogBudget(TimeProvider time)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    // Measured from here, so that no time stamp is 0.
    private readonly long _origin = time.GetTimestamp();
    private long _nextTicks;
    private long _skipped;

    /// <summary>Whether to log now.</summary>
    /// <param name="skipped">How often it was not logged since the last time.</param>
    public bool TryTake(out long skipped)
    {
        var now = time.GetElapsedTime(_origin).Ticks;
        var next = Volatile.Read(ref _nextTicks);
        if (now >= next && Interlocked.CompareExchange(ref _nextTicks, now + Period.Ticks, next) == next)
        {
            skipped = Interlocked.Exchange(ref _skipped, 0);
            return true;
        }

        skipped = 0;
        Interlocked.Increment(ref _skipped);
        return false;
    }
}
