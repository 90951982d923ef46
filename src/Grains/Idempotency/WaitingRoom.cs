namespace Gatehouse.Grains.Idempotency;

/// <summary>Who waits for the end of which request. For one thread at a time, as a grain has it.</summary>
internal sealed class WaitingRoom
{
    // Far below what a grain takes at the same time (MaxEnqueuedRequestsHardLimit): who waits must not keep out whoever
    // ends what is waited for.
    private const int Max = 1_000;

    private readonly Dictionary<string, Place> _places = [];
    private int _count;

    /// <summary>Whether nobody else may wait.</summary>
    public bool IsFull => _count >= Max;

    /// <summary>Takes a place until it is disposed of.</summary>
    public Place Enter(string name)
    {
        if (!_places.TryGetValue(name, out var place))
        {
            place = _places[name] = new Place(this, name);
        }

        place.Count++;
        _count++;
        return place;
    }

    /// <summary>Tells all who wait for it that something has ended.</summary>
    public void Call(string name)
    {
        if (_places.TryGetValue(name, out var place))
        {
            place.Signal();
        }
    }

    /// <summary>The place of all who wait for the same.</summary>
    internal sealed class Place(WaitingRoom room, string name) : IDisposable
    {
        private TaskCompletionSource _ended = NewSignal();

        /// <summary>The next end.</summary>
        public Task Ended => _ended.Task;

        internal int Count { get; set; }

        /// <summary>Once for each who entered.</summary>
        public void Dispose()
        {
            room._count--;
            if (--Count == 0)
            {
                room._places.Remove(name);
            }
        }

        internal void Signal()
        {
            _ended.TrySetResult();
            _ended = NewSignal();
        }

        private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
