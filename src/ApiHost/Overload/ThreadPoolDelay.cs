namespace Gatehouse.ApiHost.Overload;

/// <summary>
/// How long work waits for a thread of this process. When it waits long, something blocks threads or there are too few
/// processors; then a store that seems slow is not to blame, and what is worth least is refused first.
/// </summary>
internal sealed class ThreadPoolDelay(AdmissionMetrics metrics, TimeProvider time) : BackgroundService
{
    public const string Reason = "threadpool";

    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongDelay = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan VeryLongDelay = TimeSpan.FromSeconds(2);

    private readonly long[] _last = new long[3];
    private long _measured;
    private long _standing;

    /// <summary>
    /// The shortest of the last three measurements. A queue that empties in between is a burst, and no reason to refuse
    /// anything; one that never does is one that stands.
    /// </summary>
    public TimeSpan Standing => TimeSpan.FromTicks(Volatile.Read(ref _standing));

    /// <summary>Whether requests of that class are refused for it. Checks never are: they wait for nothing.</summary>
    public bool Sheds(RouteClass route) => route switch
    {
        RouteClass.Export or RouteClass.Write => Standing >= LongDelay,
        RouteClass.Read => Standing >= VeryLongDelay,
        _ => false,
    };

    internal void Measured(TimeSpan delay)
    {
        lock (_last)
        {
            _last[_measured++ % _last.Length] = delay.Ticks;
            Volatile.Write(ref _standing, _last.Min());
        }

        metrics.ThreadPoolDelayed(delay);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var queued = time.GetTimestamp();
            // To the end of the common queue, where requests wait as well.
            ThreadPool.UnsafeQueueUserWorkItem(
                static work => work.Watch.Measured(work.Watch.Since(work.Queued)), (Watch: this, Queued: queued),
                preferLocal: false);
        }
    }

    private TimeSpan Since(long queued) => time.GetElapsedTime(queued);
}
