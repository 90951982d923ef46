namespace Gatehouse.ApiHost.Overload;

/// <summary>
/// Bounds how many requests of one class are worked on at the same time: a limit that adapts, and a short queue, newest
/// first, because the newest has the most of its patience left.
/// </summary>
internal sealed class ClassGate(int max, int queueMax, TimeSpan queueWait, TimeProvider time)
{
    private static readonly TimeSpan ObservationPeriod = TimeSpan.FromMilliseconds(100);

    private const int ObservationsMin = 10;

    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource<bool>> _waiting = [];
    private readonly (int Min, int Max) _bounds = (Math.Max(1, max / 32), max);
    private GradientLimit _gradient = new(max, 0);
    private int _limit = max;
    private int _inFlight;
    private int _inFlightMost;
    private int _waitingCount;
    private int _ended;
    private double _latencies;
    private long _observedAt = time.GetTimestamp();

    /// <summary>How many are let in at the same time now.</summary>
    public int Limit => Volatile.Read(ref _limit);

    public int InFlight => Volatile.Read(ref _inFlight);

    public int Waiting => Volatile.Read(ref _waitingCount);

    /// <summary>Whether one more would be refused at once. A look before any work is done for a request.</summary>
    public bool IsFull => InFlight >= Limit && Waiting >= queueMax;

    /// <summary>Lets one in, at once or after a short wait. False: refused. True has to be left again.</summary>
    public ValueTask<bool> EnterAsync()
    {
        if (TryEnter())
        {
            return ValueTask.FromResult(true);
        }

        LinkedListNode<TaskCompletionSource<bool>> turn;
        lock (_lock)
        {
            if (_waiting.Count >= queueMax)
            {
                return ValueTask.FromResult(false);
            }

            turn = _waiting.AddLast(
                new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously));
            Volatile.Write(ref _waitingCount, _waiting.Count);
            // Who left a moment ago may not have seen that somebody waits.
            LetIn();
        }

        return WaitAsync(turn);
    }

    /// <summary>One has left.</summary>
    /// <param name="enteredAt">The time stamp of when it entered; null when it was not measured.</param>
    public void Leave(long? enteredAt)
    {
        Interlocked.Decrement(ref _inFlight);
        if (enteredAt is null && Volatile.Read(ref _waitingCount) == 0)
        {
            return;
        }

        lock (_lock)
        {
            if (enteredAt is { } since)
            {
                _ended++;
                _latencies += time.GetElapsedTime(since).TotalMilliseconds;
                Observe();
            }

            LetIn();
        }
    }

    private async ValueTask<bool> WaitAsync(LinkedListNode<TaskCompletionSource<bool>> turn)
    {
        try
        {
            return await turn.Value.Task.WaitAsync(queueWait, time);
        }
        catch (TimeoutException)
        {
            lock (_lock)
            {
                if (turn.List is null)
                {
                    // Let in at the same moment.
                    return true;
                }

                _waiting.Remove(turn);
                Volatile.Write(ref _waitingCount, _waiting.Count);
                return false;
            }
        }
    }

    private bool TryEnter()
    {
        var inFlight = Interlocked.Increment(ref _inFlight);
        if (inFlight > Limit)
        {
            Interlocked.Decrement(ref _inFlight);
            return false;
        }

        if (inFlight > Volatile.Read(ref _inFlightMost))
        {
            // Two at once may leave the smaller one: it is an observation, not a bound.
            Volatile.Write(ref _inFlightMost, inFlight);
        }

        return true;
    }

    private void LetIn()
    {
        while (_waiting.Last is { } next && TryEnter())
        {
            _waiting.RemoveLast();
            Volatile.Write(ref _waitingCount, _waiting.Count);
            next.Value.SetResult(true);
        }
    }

    private void Observe()
    {
        if (_ended < ObservationsMin || time.GetElapsedTime(_observedAt) < ObservationPeriod)
        {
            return;
        }

        // Below a microsecond there is nothing to divide by.
        _gradient = _gradient.Observe(Math.Max(0.001, _latencies / _ended), _inFlightMost, _bounds.Min, _bounds.Max);
        Volatile.Write(ref _limit, (int)_gradient.Limit);
        (_ended, _latencies, _observedAt) = (0, 0, time.GetTimestamp());
        Volatile.Write(ref _inFlightMost, InFlight);
    }
}
