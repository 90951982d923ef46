namespace Gatehouse.Grains.Abstractions.Changes;

/// <summary>How current this process' knowledge of changes is.</summary>
public interface IChangeFeed
{
    /// <summary>
    /// A timestamp of the process' <see cref="TimeProvider"/>. Before it, the observers were told of every change that
    /// is older than <see cref="ChangeTimes.SeenWithin"/>; from it on, nobody knows, and what such a change would have
    /// outdated must not be used. 0 until the first announcement was heard.
    /// </summary>
    long CurrentUntil { get; }
}
