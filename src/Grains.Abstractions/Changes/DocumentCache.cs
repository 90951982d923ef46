using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Grains.Abstractions.Changes;

/// <summary>
/// What this process knows of documents that grains own. A change made through this process is seen at once, one made
/// elsewhere when it is announced; an announcement that does not come is made up for within <see cref="StaleMax"/>.
/// </summary>
/// <param name="source">Where documents are read.</param>
/// <param name="time">The process' clock.</param>
/// <param name="failingMax">How long an entry serves while it cannot be refreshed.</param>
internal sealed class DocumentCache<T>(IDocumentSource<T> source, TimeProvider time, TimeSpan failingMax)
    where T : class
{
    /// <summary>Older than this, an entry is used once more and refreshed behind the caller's back.</summary>
    public static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(1);

    /// <summary>Older than this, a caller waits for the refresh.</summary>
    public static readonly TimeSpan StaleMax = TimeSpan.FromSeconds(4);

    // A flood of made-up names must not fill the memory: beyond this count the oldest entries go.
    private const int EntriesMax = 20_000;

    private readonly ConcurrentDictionary<string, CachedDocument<T>> _entries = new(StringComparer.Ordinal);

    /// <summary>Finds a document without waiting, and says for how long it has been known just so. False when the
    /// caller has to ask <see cref="ReadAsync"/>.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out T? document, out TimeSpan knownFor)
    {
        (document, knownFor) = (null, TimeSpan.Zero);
        if (!_entries.TryGetValue(name, out var entry) || entry.Current is not { } current || entry.MustAsk)
        {
            return false;
        }

        var now = time.GetTimestamp();
        var age = time.GetElapsedTime(current.ReadAt, now);
        if (age >= FreshFor && time.GetElapsedTime(entry.TriedAt, now) >= FreshFor)
        {
            _ = entry.RefreshAsync(time);
        }

        (document, knownFor) = (current.Snapshot, time.GetElapsedTime(current.Since, now));
        return age < (entry is { Failing: true, IsOutdated: false } ? failingMax : StaleMax);
    }

    /// <summary>Asks the source now.</summary>
    public async ValueTask<T> ReadAsync(string name)
    {
        if (_entries.Count >= EntriesMax)
        {
            DropOldest();
        }

        var entry = Entry(name);
        var failure = await entry.RefreshAsync(time);
        if (failure is not null && !TryGet(name, out _, out _))
        {
            throw failure;
        }

        return entry.Current!.Snapshot;
    }

    /// <summary>Takes in a document that this process learned of first hand.</summary>
    public void Publish(string name, T document) => Entry(name).Accept(document, time.GetTimestamp());

    /// <summary>The document is at that version now, or at an unknown one.</summary>
    public void Announce(string name, string? version)
    {
        if (_entries.TryGetValue(name, out var entry))
        {
            entry.Announce(version);
        }
    }

    /// <summary>Any document may have changed.</summary>
    public void AnnounceAll()
    {
        foreach (var (_, entry) in _entries)
        {
            entry.Announce(version: null);
        }
    }

    private CachedDocument<T> Entry(string name) => _entries.GetOrAdd(
        name, static (name, source) => new CachedDocument<T>(name, source), source);

    private void DropOldest()
    {
        foreach (var (name, _) in _entries.OrderBy(static e => e.Value.TriedAt).Take(EntriesMax / 4))
        {
            _entries.TryRemove(name, out _);
        }
    }
}
