namespace Gatehouse.Grains.Abstractions.Tenants;

/// <summary>One document as this process knows it.</summary>
/// <param name="Snapshot">The document.</param>
/// <param name="ReadAt">When it was last known to be the current one.</param>
/// <param name="Since">When this very document was taken in.</param>
internal sealed record KnownTenant(TenantSnapshot Snapshot, long ReadAt, long Since);

/// <summary>What <see cref="TenantDirectory"/> keeps of one tenant.</summary>
internal sealed class TenantEntry(string tenant)
{
    private readonly Lock _lock = new();
    private volatile KnownTenant? _current;
    private Task<Exception?>? _refresh;
    private string? _announced;

    // Announcements are counted: a refresh answers those that came before it began.
    private int _announcements;
    private int _refreshing;
    private int _asked;
    private int _answered;

    public KnownTenant? Current => _current;

    public long TriedAt { get; private set; }

    public bool Failing { get; private set; }

    /// <summary>A change was announced that nobody has asked the tenant's grain for yet.</summary>
    public bool MustAsk => Volatile.Read(ref _asked) != Volatile.Read(ref _announcements);

    /// <summary>A change was announced that the tenant's grain has not answered with yet.</summary>
    public bool IsOutdated => Volatile.Read(ref _answered) != Volatile.Read(ref _announcements);

    /// <summary>Takes in a document that was learned of first hand.</summary>
    public void Accept(TenantSnapshot snapshot, long now)
    {
        lock (_lock)
        {
            Know(snapshot, now);
            if (_announced == snapshot.Version)
            {
                _asked = _answered = _announcements;
            }
            else if (_announced is not null)
            {
                // The answers to two changes can overtake each other; the grain knows which came last.
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
            if (version is null || version != _current?.Snapshot.Version)
            {
                Outdate();
            }
        }
    }

    /// <summary>
    /// One refresh at a time; who asks meanwhile waits for the same one, unless a change was announced since it began.
    /// Answers the failure, if any.
    /// </summary>
    public Task<Exception?> RefreshAsync(IGrainFactory grains, TimeProvider time)
    {
        lock (_lock)
        {
            if (_refresh is { IsCompleted: false } && _refreshing == _announcements)
            {
                return _refresh;
            }

            (TriedAt, _refreshing) = (time.GetTimestamp(), _announcements);
            return _refresh = ReadAsync(_refresh, grains, TriedAt, _refreshing);
        }
    }

    private async Task<Exception?> ReadAsync(
        Task<Exception?>? earlier, IGrainFactory grains, long now, int announcements)
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
            Take(before, await grains.Tenant(tenant).GetAsync(before?.Snapshot.Version), now, announcements);
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

    private void Take(KnownTenant? before, TenantSnapshot? read, long now, int announcements)
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

    private void Know(TenantSnapshot snapshot, long now)
    {
        var since = _current is { } known && ReferenceEquals(known.Snapshot, snapshot) ? known.Since : now;
        _current = new KnownTenant(snapshot, now, since);
    }

    private void Outdate() => Volatile.Write(ref _announcements, _announcements + 1);
}
