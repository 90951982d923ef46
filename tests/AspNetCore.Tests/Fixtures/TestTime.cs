using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace Gatehouse.AspNetCore.Tests.Fixtures;

/// <summary>Time that stands still until a test moves it, and says what waits for it.</summary>
public sealed class TestTime : FakeTimeProvider
{
    private readonly Channel<TimeSpan> _timers = Channel.CreateUnbounded<TimeSpan>();

    public TestTime()
        : base(new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero))
    {
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        _timers.Writer.TryWrite(dueTime);
        return timer;
    }

    /// <summary>Waits until something waits for so long, and a fifth more at most; answers for how long.</summary>
    public async Task<TimeSpan> WaitedForAsync(double seconds)
    {
        while (true)
        {
            var due = await _timers.NextAsync();
            if (due >= TimeSpan.FromSeconds(seconds) && due <= TimeSpan.FromSeconds(seconds * 1.2))
            {
                return due;
            }
        }
    }

    /// <summary>Waits for that, and lets the time pass.</summary>
    public async Task PassAsync(double seconds) => Advance(await WaitedForAsync(seconds));
}
