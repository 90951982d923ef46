using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.Operations;

/// <summary>Looks at the alerts of a Prometheus all the time, and remembers which fired.</summary>
internal sealed class AlertWatch : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);

    private readonly PrometheusServer _prometheus;
    private readonly CancellationTokenSource _end = new();
    private readonly Dictionary<string, Alert> _fired = [];
    private readonly Task _watching;
    private volatile IReadOnlyList<Alert> _now = [];

    public AlertWatch(PrometheusServer prometheus)
    {
        _prometheus = prometheus;
        _watching = WatchAsync();
    }

    /// <summary>The names of the alerts that fire now.</summary>
    public IReadOnlySet<string> Firing => _now.Where(alert => alert.Fires).Select(alert => alert.Name).ToHashSet();

    public override string ToString() => string.Join('\n', _now);

    /// <summary>What fired since the watch began, or since <see cref="Forget"/>.</summary>
    public IReadOnlyList<Alert> Fired
    {
        get
        {
            lock (_fired)
            {
                return [.. _fired.Values.OrderBy(alert => alert.Name)];
            }
        }
    }

    /// <summary>Begins anew with what fires now.</summary>
    public void Forget()
    {
        lock (_fired)
        {
            _fired.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _watching;
        _end.Dispose();
    }

    private async Task WatchAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            _now = await _prometheus.AlertsAsync();
            lock (_fired)
            {
                foreach (var alert in _now.Where(alert => alert.Fires))
                {
                    _fired.TryAdd($"{alert}", alert);
                }
            }

            await Task.Delay(Period, CancellationToken.None);
        }
    }
}
