using Gatehouse.Grains.Abstractions.Changes;

namespace Gatehouse.Grains.Changes;

/// <summary>Where the listener leaves how current it is, for readers on every thread.</summary>
internal sealed class ChangeFeed : IChangeFeed
{
    private long _currentUntil;

    public long CurrentUntil
    {
        get => Volatile.Read(ref _currentUntil);
        set => Volatile.Write(ref _currentUntil, value);
    }
}
