namespace Gatehouse.AspNetCore.Http;

/// <summary>One line a second for something that can happen a hundred thousand times a second.</summary>
internal sealed class LogBudget(TimeProvider time)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private long? _last;
    private long _skipped;

    /// <summary>Whether to log now.</summary>
    /// <param name="skipped">How often it was not logged since the last time.</param>
    public bool TryTake(out long skipped)
    {
        lock (_lock)
        {
            if (_last is { } last && time.GetElapsedTime(last) < Period)
            {
                _skipped++;
                skipped = 0;
                return false;
            }

            (skipped, _skipped, _last) = (_skipped, 0, time.GetTimestamp());
            return true;
        }
    }
}
