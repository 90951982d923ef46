namespace Gatehouse.Grains.Tests.Resilience;

/// <summary>The clock of a process: time passes whether it runs or not, and its timer comes when it does.</summary>
internal sealed class StoppableProcess : TimeProvider
{
    private Action? _tick;
    private long _now;
    private long _suspended;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _now;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(_now + _suspended);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        _tick = () => callback(state);
        return new Timer(static _ => { });
    }

    public void Pass(TimeSpan time) => _now += time.Ticks;

    /// <summary>The same for the whole machine: its steady clock stops, too.</summary>
    public void Suspend(TimeSpan time) => _suspended += time.Ticks;

    public void Tick() => _tick!();
}
