namespace Gatehouse.Grains.Abstractions.Changes;

/// <summary>The times that the knowledge of changes is built on.</summary>
public static class ChangeTimes
{
    /// <summary>
    /// No process uses what a change outdated for longer than this after the change was acknowledged.
    /// </summary>
    public static readonly TimeSpan SeenWithin = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long what was heard stays current. What is left of <see cref="SeenWithin"/> is for the way from a change to
    /// the store.
    /// </summary>
    public static readonly TimeSpan CurrentFor = TimeSpan.FromMilliseconds(800);

    /// <summary>
    /// A process with nothing to announce says so this often. Two of them have to fit into <see cref="CurrentFor"/>,
    /// the listener's own and the other's, with room for a busy machine.
    /// </summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// A process that was silent this long is gone: the cluster declared it dead long ago, or it left without a word.
    /// </summary>
    public static readonly TimeSpan GoneAfter = TimeSpan.FromSeconds(30);
}
