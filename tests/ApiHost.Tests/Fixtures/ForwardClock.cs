namespace Gatehouse.ApiHost.Tests.Fixtures;

/// <summary>The machine's clock, which a test can set forward. Timers go on as before.</summary>
internal sealed class ForwardClock : TimeProvider
{
    private long _ticks;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Volatile.Read(ref _ticks));

    public override long GetTimestamp() =>
        base.GetTimestamp() + (Volatile.Read(ref _ticks) * (TimestampFrequency / TimeSpan.TicksPerSecond));

    public void Forward(TimeSpan time) => Interlocked.Add(ref _ticks, time.Ticks);
}
