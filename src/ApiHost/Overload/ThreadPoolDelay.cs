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

    private long _ticks;

    /// <summary>The last measurement.</summary>
    public TimeSpan Last => TimeSpan.FromTicks(Volatile.Read(ref _ticks));

    /// <summary>Whether requests of that class are refused for it. Checks never are: they wait for nothing.</summary>
    public bool Sheds(RouteClass route) => route switch
    {
        RouteClass.Export or RouteClass.Write => Last >= LongDelay,
        RouteClass.Read => Last >= VeryLongDelay,
        _ => false,
    };

    internal void Measured(TimeSpan delay)
    {
        Volatile.Write(ref _ticks, delay.Ticks);
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
