namespace Gatehouse.Grains.Resilience;

/// <summary>
/// <see cref="Circuit"/> for one store and one process: a lock around its state. Not shared with other processes; one
/// that is cut off must not cut off the others.
/// </summary>
internal sealed partial class CircuitBreaker(
    string store, CircuitSettings settings, OverloadMetrics metrics, TimeProvider time, ILogger<CircuitBreaker> logger)
{
    private readonly Lock _lock = new();
    private readonly long _origin = time.GetTimestamp();
    private CircuitState _state = CircuitState.New((ulong)Random.Shared.NextInt64(1, long.MaxValue));
    private long _openedAtMs;

    public CircuitPhase Phase
    {
        get
        {
            lock (_lock)
            {
                return _state.Phase;
            }
        }
    }

    // Probes' deadlines are never 0 then.
    private long NowMs => 1 + (time.GetElapsedTime(_origin).Ticks / TimeSpan.TicksPerMillisecond);

    /// <summary>Lets a call through. Each permit is to be reported once.</summary>
    /// <param name="permit">To be given to <see cref="Report"/>.</param>
    /// <param name="retryAfter">How long to wait when it is not let through; never negative.</param>
    public bool TryEnter(out CircuitPermit permit, out TimeSpan retryAfter)
    {
        (CircuitState Before, CircuitState After) change;
        lock (_lock)
        {
            var now = NowMs;
            change.Before = _state;
            (_state, permit) = Circuit.Admit(_state, settings, now);
            change.After = _state;
            Note(change.Before, change.After);
            retryAfter = permit.IsAdmitted
                ? TimeSpan.Zero
                : TimeSpan.FromMilliseconds(Circuit.RetryAfterMs(_state, now));
        }

        Tell(change.Before, change.After);
        if (!permit.IsAdmitted)
        {
            metrics.CircuitRejected(store);
        }

        return permit.IsAdmitted;
    }

    /// <summary>Takes note of how a call ended.</summary>
    public void Report(CircuitPermit permit, CallResult result)
    {
        (CircuitState Before, CircuitState After) change;
        lock (_lock)
        {
            change.Before = _state;
            _state = change.After = Circuit.Report(_state, settings, permit, result, NowMs);
            Note(change.Before, change.After);
        }

        Tell(change.Before, change.After);
    }

    /// <summary>Under the lock, so that what is shown last is what it is.</summary>
    private void Note(in CircuitState before, in CircuitState after)
    {
        if (before.Generation == after.Generation)
        {
            return;
        }

        metrics.CircuitIs(store, after.Phase);
        if (after.Phase is CircuitPhase.Open && _openedAtMs == 0)
        {
            _openedAtMs = NowMs;
        }
        else if (after.Phase is CircuitPhase.Closed)
        {
            metrics.CircuitWasOpen(store, TimeSpan.FromMilliseconds(NowMs - _openedAtMs));
            _openedAtMs = 0;
        }
    }

    private void Tell(in CircuitState before, in CircuitState after)
    {
        if (before.Generation == after.Generation)
        {
            return;
        }

        // A call can find that a probe hung and its time is up too; what is told is where that led.
        metrics.CircuitChanged(store, before.Phase, after.Phase);
        if (after.Phase is CircuitPhase.Open)
        {
            LogOpened(store, after.OpenUntilMs - NowMs);
        }
        else if (after.Phase is CircuitPhase.Closed)
        {
            LogClosed(store);
        }
    }

    [LoggerMessage(1301, LogLevel.Warning, "The circuit to the {Store} store is open for {Milliseconds} ms")]
    private partial void LogOpened(string store, long milliseconds);

    [LoggerMessage(1302, LogLevel.Information, "The circuit to the {Store} store is closed again")]
    private partial void LogClosed(string store);
}
