namespace Gatehouse.Grains.Abstractions.Changes;

/// <summary>One document as this process knows it.</summary>
/// <param name="Snapshot">The document.</param>
/// <param name="ReadAt">When it was last known to be the current one.</param>
/// <param name="Since">When this very document was taken in.</param>
internal sealed record KnownDocument<T>(T Snapshot, long ReadAt, long Since);

/// <summary>What <see cref="DocumentCache{T}"/> keeps of one document.</summary>
/// <param name="name">Names the document.</param>
/// <param name="source">Where it is read.</param>
internal sealed class CachedDocument<T>(string name, IDocumentSource<T> source) where T : class
{
    private readonly Lock _lock = new();
    private volatile KnownDocument<T>? _current;
    private Task<Exception?>? _refresh;
    private string? _announced;

    // Announcements are counted: a refresh answers those that came before it began.
    private int _announcements;
    private int _refreshing;
    private int _asked;
    private int _answered;

    public KnownDocument<T>? Current => _current;

    public long TriedAt { get; private set; }

    public bool Failing { get; private set; }

    /// <summary>A change was announced that nobody has asked its source for yet.</summary>
    public bool MustAsk => Volatile.Read(ref _asked) != Volatile.Read(ref _announcements);

    /// <summary>A change was announced that its source has not answered with yet.</summary>
    public bool IsOutdated => Volatile.Read(ref _answered) != Volatile.Read(ref _announcements);

    /// <summary>Takes in a document that was learned of first hand.</summary>
    public void Accept(T snapshot, long now)
    {
        lock (_lock)
        {
            Know(snapshot, now);
            if (_announced == source.VersionOf(snapshot))
            {
                _asked = _answered = _announcements;
            }
            else if (_announced is not null)
            {
                // The answers to two changes can overtake each other; the source knows which came last.
                Outdate();
            }
        }
    }

    /// <summary>The document is at that version now, or at an unknown one.</summary>
    public void Announce(string? version)
    {
        lock (_lock)
        {
            _announced = version ?? _announced;
            if (version is null || version != Version(_current))
            {
                Outdate();
            }
        }
    }

    /// <summary>
    /// One refresh at a time; who asks meanwhile waits for the same one, unless a change was announced since it began.
    /// Answers the failure, if any.
    /// </summary>
    public Task<Exception?> RefreshAsync(TimeProvider time)
    {
        lock (_lock)
        {
            if (_refresh is { IsCompleted: false } && _refreshing == _announcements)
            {
                return _refresh;
            }

            (TriedAt, _refreshing) = (time.GetTimestamp(), _announcements);
            return _refresh = ReadAsync(_refresh, TriedAt, _refreshing);
        }
    }

    private async Task<Exception?> ReadAsync(Task<Exception?>? earlier, long now, int announcements)
    {
        // Off the caller's stack, and so out of the lock it holds.
        await Task.Yield();
        if (earlier is not null)
        {
            // Else the older answer could come last, and stay.
            await earlier;
        }

        var before = _current;
        try
        {
            Take(before, await source.ReadAsync(name, Version(before)), now, announcements);
            Failing = false;
            return null;
        }
#pragma warning disable CA1031 // Whatever failed, the caller decides: it is thrown, or the old entry serves on.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            lock (_lock)
            {
                _asked = Math.Max(_asked, announcements);
            }

            Failing = true;
            return failure;
        }
    }

    private void Take(KnownDocument<T>? before, T? read, long now, int announcements)
    {
        lock (_lock)
        {
            // What was accepted while this read was under way is newer than what it read.
            if (ReferenceEquals(_current, before) && (read ?? before?.Snapshot) is { } snapshot)
            {
                Know(snapshot, now);
            }

            (_asked, _answered) = (Math.Max(_asked, announcements), Math.Max(_answered, announcements));
        }
    }

    private void Know(T snapshot, long now)
    {
        var since = _current is { } known && ReferenceEquals(known.Snapshot, snapshot) ? known.Since : now;
        _current = new KnownDocument<T>(snapshot, now, since);
    }

    private string? Version(KnownDocument<T>? known) => known is null ? null : source.VersionOf(known.Snapshot);

    private void Outdate() => Volatile.Write(ref _announcements, _announcements + 1);
}
