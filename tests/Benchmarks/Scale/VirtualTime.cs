namespace Gatehouse.Benchmarks.Scale;

/// <summary>
/// A clock that stands still until the next event. Everything runs on the caller's thread, in the order of time and,
/// at one time, in the order it was planned, or in one that <paramref name="ties"/> chooses: so one seed gives one run.
/// </summary>
/// <param name="ties">Orders what happens at one time; null: it stays in the order in which it was planned.</param>
internal sealed class VirtualTime(Random? ties = null) : TimeProvider
{
    private const int AtOnceMax = 100_000;

    private readonly PriorityQueue<Action, (long At, long Order)> _events = new();
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private long _order;
    private int _atOnce;
    private bool _isShared;

    public static long Start { get; } = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).Ticks;

    public long NowTicks { get; private set; } = Start;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => NowTicks;

    public override DateTimeOffset GetUtcNow() => new(NowTicks, TimeSpan.Zero);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state, period);
        if (dueTime != Timeout.InfiniteTimeSpan)
        {
            In(dueTime.Ticks, timer.Fire);
        }

        return timer;
    }

    public void In(long ticks, Action action)
    {
        _isShared |= Environment.CurrentManagedThreadId != _thread;
        _events.Enqueue(action, (NowTicks + ticks, ties?.NextInt64() ?? _order++));
    }

    public void RunFor(TimeSpan time)
    {
        var outside = SynchronizationContext.Current;
        // Where two await one task, the runtime continues one of them elsewhere: here, in its turn.
        SynchronizationContext.SetSynchronizationContext(new InTurn(this));
        try
        {
            RunUntil(NowTicks + time.Ticks);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outside);
        }
    }

    private void RunUntil(long end)
    {
        while (_events.TryPeek(out var action, out var when) && when.At <= end)
        {
            _events.Dequeue();
            _atOnce = when.At == NowTicks ? _atOnce + 1 : 0;
            NowTicks = when.At;
            if (_atOnce > AtOnceMax)
            {
                throw new InvalidOperationException("Something goes round and round, and no time passes.");
            }

            action();
            if (_isShared)
            {
                throw new InvalidOperationException("Something ran on another thread: one seed would not give one run.");
            }
        }

        NowTicks = end;
    }

    private sealed class InTurn(VirtualTime time) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) => time.In(0, () => d(state));
    }

    /// <summary>Never changed: what the simulation runs asks for time-outs and ticks.</summary>
    private sealed class Timer(VirtualTime time, TimerCallback callback, object? state, TimeSpan period) : ITimer
    {
        private bool _isOver;

        public void Fire()
        {
            if (_isOver)
            {
                return;
            }

            _isOver = period == Timeout.InfiniteTimeSpan;
            if (!_isOver)
            {
                time.In(period.Ticks, Fire);
            }

            callback(state);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => throw new NotSupportedException();

        public void Dispose() => _isOver = true;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

/// <summary>A region's clock: the same second, and up to so much beside the others' of the day.</summary>
internal sealed class RegionTime(VirtualTime time, TimeSpan skew) : TimeProvider
{
    public override long TimestampFrequency => time.TimestampFrequency;

    public override long GetTimestamp() => time.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => time.GetUtcNow() + skew;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        time.CreateTimer(callback, state, dueTime, period);
}

/// <summary>The clock of a silo, which runs what is due itself: nothing in one that crashed.</summary>
internal sealed class SiloTime(TimeProvider region, Action<Action> run) : TimeProvider
{
    public override long TimestampFrequency => region.TimestampFrequency;

    public override long GetTimestamp() => region.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => region.GetUtcNow();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        region.CreateTimer(due => run(() => callback(due)), state, dueTime, period);
}
