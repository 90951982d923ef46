using Microsoft.Extensions.Hosting;

namespace Gatehouse.Silo.Health;

/// <summary>
/// Whether this process still does its work: a tick that needs a thread of the pool, as everything here does. It asks
/// nothing of anybody else: what ails a store must not have every process restarted at the same moment.
/// </summary>
internal sealed class Watchdog(TimeProvider time) : IHostedService, IDisposable
{
    /// <summary>
    /// Far longer than a busy machine makes a tick wait: who is restarted under load leaves it to the others.
    /// </summary>
    public static readonly TimeSpan LateAfter = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private ITimer? _timer;
    private long _tickedAt = time.GetTimestamp();

    public bool IsAlive => time.GetElapsedTime(Volatile.Read(ref _tickedAt)) < LateAfter;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        Tick();
        _timer = time.CreateTimer(static self => ((Watchdog)self!).Tick(), this, Period, Period);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _timer?.Dispose();

    private void Tick() => Volatile.Write(ref _tickedAt, time.GetTimestamp());
}
